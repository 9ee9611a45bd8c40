#!/usr/bin/env python3
"""Asks a server the queries of the peers' benchmark: ask.py URL [--hours 3]. Instants most, as a gate does."""
import argparse
import http.client
import json
import os
import urllib.parse

START = 1767225600


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--hours", type=float, default=3)
    arguments = parser.parse_args()
    peers = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers")
    with open(os.path.join(peers, "queries.json")) as file:
        queries = [query["expr"] for query in json.load(file)]
    url = urllib.parse.urlparse(arguments.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    end = START + int(arguments.hours * 3600) - 60

    def ask(path, **fields):
        connection.request("POST", path, urllib.parse.urlencode(fields),
                           {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{fields}: {response.status} {body[:200]}")

    for turn in range(300):
        for query in queries:
            ask("/api/v1/query", query=query, time=end - turn)
            if turn % 10 == 0:
                ask("/api/v1/query_range", query=query, start=START - turn, end=end - turn, step=60)
            if turn % 30 == 0:
                ask("/api/v1/query_range", query=query, start=START - turn, end=end - turn, step=15)


if __name__ == "__main__":
    main()
