#!/usr/bin/python3
"""What an unprivileged user can try on awaitd's sockets.

    attack.py KIND SOCKET    prints what the daemon did, and ends by itself
"""
import array
import os
import random
import select
import socket
import sys
import time


def connect(path, hello=True):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(path)
    if hello:
        s.recv(4096)
    return s


def rest(s, seconds=20):
    """All that comes until the daemon closes or falls silent."""
    s.settimeout(seconds)
    got = b''
    try:
        while True:
            part = s.recv(1 << 16)
            if not part:
                return got, 'closed'
            got += part
            s.settimeout(2)
    except socket.timeout:
        return got, 'open'
    except ConnectionError as error:
        return got, type(error).__name__


def say(*what):
    print(*what, flush=True)


def first(got):
    return got.decode(errors='replace').split('\n')[0][:120]


def fill(path):
    """As many connections as there may be."""
    held = []
    try:
        while len(held) < 900:
            held.append(connect(path, False))
    except OSError as error:
        say('connect:', error)
    last = held[-1].recv(4096)
    say(len(held), 'connections, the last:', first(last))
    time.sleep(float(os.environ.get('HOLD', '5')))


def garbage(path):
    random.seed(1)
    for size in (1, 100, 5000, 100000):
        for _ in range(20):
            s = connect(path)
            try:
                s.sendall(random.randbytes(size) + b'\n{"ping":1}\n')
                s.recv(4096)
            except OSError:
                pass
            s.close()
    s = connect(path)
    s.sendall(b'\xff\xfe\0{\n')
    got, how = rest(s, 5)
    say('garbage:', how, first(got))
    deep = b'{"subscribe":' + b'[' * 60000 + b'\n'
    s = connect(path)
    try:
        s.sendall(deep)
    except OSError:
        pass
    got, how = rest(s, 5)
    say('deep:', how, first(got))


def huge(path):
    s = connect(path)
    sent = 0
    try:
        for _ in range(2000):
            s.sendall(b'x' * 65536)
            sent += 65536
    except OSError as error:
        say('after', sent, 'bytes:', type(error).__name__)
    got, how = rest(s)
    say('huge line:', how, first(got))


def half(path):
    """Lines that never end, connections that close in between, and one byte at a time."""
    held = [connect(path) for _ in range(200)]
    for s in held:
        s.sendall(b'{"subscribe":["')
    for s in held[:100]:
        s.close()
    s = connect(path)
    for byte in b'{"ping":1}\n':
        s.sendall(bytes([byte]))
        time.sleep(0.01)
    got, how = rest(s, 10)
    say('byte by byte:', how, first(got))
    time.sleep(3)


def halfopen(path):
    """EOF from the client, and a reset in mid-answer."""
    for _ in range(200):
        s = connect(path)
        s.sendall(b'{"subscribe":["*"],"from":"oldest"}\n')
        s.shutdown(socket.SHUT_WR)
        s.recv(100)
        s.close()
    s = connect(path)
    s.sendall(b'{"list":["*"]}\n')
    s.shutdown(socket.SHUT_WR)
    got, how = rest(s, 10)
    say('after EOF:', how, first(got))


def slow(path):
    """Readers that never read, of each policy."""
    held = []
    for i in range(200):
        s = socket.socket(socket.AF_UNIX)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.connect(path)
        lag = ('skip', 'latest', 'close', 'block')[i % 4].encode()
        s.sendall(b'{"subscribe":["*"],"from":"oldest","lag":"%s"}\n' % lag)
        held.append(s)
    time.sleep(float(os.environ.get('HOLD', '10')))
    say(len(held), 'slow readers')


def requests(path):
    """Requests whose answers are not read."""
    s = connect(path)
    s.setblocking(False)
    sent, end = 0, time.monotonic() + 5
    while time.monotonic() < end:
        try:
            sent += s.send(b'{"stats":["*"]}\n' * 1000)
        except BlockingIOError:
            time.sleep(0.01)
    say('sent', sent, 'bytes of requests')


def patterns(path):
    """10,000 patterns, in one request and one a request, and costly globs."""
    s = connect(path)
    names = b','.join(b'"a%d*"' % i for i in range(10000))
    try:
        s.sendall(b'{"subscribe":[' + names + b']}\n')
    except OSError:
        pass
    got, how = rest(s, 10)
    say('10,000 at once:', how, first(got))
    s = connect(path)
    refused = b''
    for i in range(10000):
        s.sendall(b'{"subscribe":["a%d*"]}\n' % i)
        line = s.recv(4096)
        if b'"error"' in line:
            refused = line
            break
    say('pattern', i, ':', first(refused))
    s = connect(path)
    glob = b'*a' * 30 + b'*'
    t = time.monotonic()
    for _ in range(100):
        s.sendall(b'{"get":["%s"]}\n' % glob)
        s.recv(65536)
    say('100 globs:', 'slow' if time.monotonic() - t > 5 else 'quick')


def descriptors(path):
    """Descriptors as ancillary data: who keeps them?"""
    s = connect(path)
    readable, writable = os.pipe()
    for i in range(300):
        fds = array.array('i', [writable] * 100)
        try:
            s.sendmsg([b'{"ping":%d}\n' % i], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            s.recv(4096)
        except OSError as error:
            say('sendmsg', i, ':', error)
            break
    os.close(writable)
    if select.select([readable], [], [], 5)[0]:
        say('descriptors: none was kept')
    else:
        say('descriptors: KEPT')


def churn(path):
    """Connects and goes, without end."""
    n, end = 0, time.monotonic() + 5
    while time.monotonic() < end:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.close()
        n += 1
    say('churned')


def ingest(path):
    """A socket source's socket: garbage, an endless line, descriptors, halves."""
    random.seed(2)
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    try:
        for _ in range(200):
            s.sendall(b'y' * 65536)
        s.sendall(b'\n{"good":1}\n')
        s.sendall(random.randbytes(1 << 20))
        fds = array.array('i', [0] * 50)
        s.sendmsg([b'\n{"good":2}\n'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        s.sendall(b'{"half":')
    except OSError as error:
        say('ingest:', error)
    s.close()
    say('ingested')


if __name__ == '__main__':
    globals()[sys.argv[1]](sys.argv[2])
