void promgate_curl_placeholder(void);
