#include "CCurl.h"
void promgate_curl_placeholder(void) {}
