"""frame.py MESSAGES: one JSON value per line, on stdout as the language server protocol frames them."""

import json
import sys

for line in open(sys.argv[1], encoding="utf-8"):
    body = json.dumps(json.loads(line)).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
