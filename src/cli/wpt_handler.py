"""Runs the request handlers of web-platform-tests, files of Python with a function main(request, response).

One request per line of standard input, one answer per line of standard output, both JSON: see wpt_handler.h.
What is here of the interfaces of the suite's server is what its handlers use."""
import base64
import contextlib
import http.client
import http.cookies
import json
import os
import sys
import time
import types
import urllib.parse


def to_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode('utf-8')


def isomorphic_encode(text):
    return text if isinstance(text, bytes) else text.encode('latin-1')


def isomorphic_decode(data):
    return data if isinstance(data, str) else data.decode('latin-1')


class Values:
    """Names with one or several values each."""

    def __init__(self, pairs, fold=lambda name: name):
        self.fold = fold
        self.lists = {}
        for name, value in pairs:
            self.lists.setdefault(fold(name), []).append(value)

    def __contains__(self, name):
        return self.fold(name) in self.lists

    def __getitem__(self, name):
        return self.lists[self.fold(name)][0]

    def __iter__(self):
        return iter(self.lists)

    def keys(self):
        return self.lists.keys()

    def items(self):
        return [(name, values[0]) for name, values in self.lists.items()]

    def get(self, name, default=None):
        return self[name] if name in self else default

    def first(self, name, default=...):
        return self[name] if default is ... else self.get(name, default)

    def get_list(self, name):
        return self.lists.get(self.fold(name), [])


def parameters(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, encoding='latin-1')
    return Values([(isomorphic_encode(name), isomorphic_encode(value)) for name, value in pairs])


class RequestHeaders(Values):
    def __init__(self, pairs):
        super().__init__(pairs, lambda name: isomorphic_encode(name).lower())

    def items(self):
        return [(name, b', '.join(values)) for name, values in self.lists.items()]

    def __getitem__(self, name):
        return b', '.join(self.lists[self.fold(name)])


class Cookie:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == (other.value if isinstance(other, Cookie) else other)

    def __str__(self):
        return isomorphic_decode(self.value)


class Stash:
    """What handlers keep for a later request of the same test, by key and by the path that they answer."""
    kept = {}
    test = None

    @staticmethod
    def begin(test):
        if test != Stash.test:
            Stash.test, Stash.kept = test, {}

    def __init__(self, path):
        self.path = path
        self.lock = contextlib.nullcontext()

    def put(self, key, value, path=None):
        Stash.kept[path or self.path, isomorphic_encode(str(key) if not isinstance(key, bytes) else key)] = value

    def take(self, key, path=None):
        return Stash.kept.pop((path or self.path, isomorphic_encode(str(key) if not isinstance(key, bytes) else key)), None)


class Request:
    def __init__(self, line, root):
        self.url = line['url']
        self.method = line['method']
        self.url_parts = urllib.parse.urlsplit(self.url)
        self.request_path = self.url_parts.path + ('?' + self.url_parts.query if self.url_parts.query else '')
        self.headers = RequestHeaders([(isomorphic_encode(n), isomorphic_encode(v)) for n, v in line['headers']])
        self.body = isomorphic_encode(line['body'])
        self.raw_input = self.body
        self.doc_root = root
        self.GET = parameters(self.url_parts.query)
        self.POST = parameters(self.body.decode('latin-1'))
        jar = http.cookies.SimpleCookie(isomorphic_decode(self.headers.get(b'cookie', b'')))
        self.cookies = Values([(isomorphic_encode(n), Cookie(isomorphic_encode(m.value))) for n, m in jar.items()])
        self.auth = types.SimpleNamespace(username=None, password=None)
        scheme, _, credentials = self.headers.get(b'authorization', b'').partition(b' ')
        if scheme.lower() == b'basic':
            self.auth.username, _, self.auth.password = base64.b64decode(credentials).partition(b':')
        self.server = types.SimpleNamespace(stash=Stash(self.url_parts.path), config=line['config'])


class ResponseHeaders:
    def __init__(self):
        self.pairs = []

    def append(self, name, value):
        self.pairs.append((isomorphic_encode(name), to_bytes(value)))

    def set(self, name, value):
        name = isomorphic_encode(name)
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != name.lower()]
        self.append(name, value)

    __setitem__ = set

    def get(self, name, default=None):
        values = [value for other, value in self.pairs if other.lower() == isomorphic_encode(name).lower()]
        return values or default

    def __contains__(self, name):
        return self.get(name) is not None

    def update(self, pairs):
        for name, value in pairs:
            self.set(name, value)

    def items(self):
        return list(self.pairs)


class Writer:
    """The same answer, by those who write it themselves."""

    def __init__(self, response):
        self.response = response

    def write_status(self, code, message=None):
        self.response.status = (code, message) if message else code

    def write_header(self, name, value):
        self.response.headers.append(name, value)

    def end_headers(self):
        pass

    def write(self, data):
        self.response.written += to_bytes(data)

    write_content = write_raw_content = write


class Response:
    add_required_headers = True
    close_connection = False

    def __init__(self):
        self.status = 200
        self.headers = ResponseHeaders()
        self.content = b''
        self.written = b''
        self.writer = Writer(self)

    def set_cookie(self, name, value, path='/', **attributes):
        self.headers.append(b'Set-Cookie', b'%s=%s; Path=%s' % (to_bytes(name), to_bytes(value), to_bytes(path)))

    def delete_cookie(self, name, path='/', **attributes):
        self.headers.append(b'Set-Cookie', b'%s=; Path=%s; Max-Age=0' % (to_bytes(name), to_bytes(path)))

    def unset_cookie(self, name):
        pass

    def write_status_headers(self):
        pass

    def take(self, result):
        """The result of main: content, (headers, content) or (status, headers, content)."""
        if isinstance(result, tuple):
            if len(result) == 3:
                self.status = result[0]
            self.headers.update(result[-2])
            self.content = result[-1]
        elif result is not None:
            self.content = result

    def line(self, delay):
        code, message = self.status if isinstance(self.status, tuple) else (self.status, None)
        content = self.content() if callable(self.content) else self.content
        body = self.written + (to_bytes(content) if isinstance(content, (bytes, str)) else b''.join(map(to_bytes, content)))
        return {'status': int(code), 'text': isomorphic_decode(message or http.client.responses.get(int(code), '')),
                'headers': [[isomorphic_decode(n), isomorphic_decode(v)] for n, v in self.headers.pairs],
                'body': base64.b64encode(body).decode(), 'delay': delay}


def json_handler(function):
    def main(request, response):
        result = function(request, response)
        response.headers.set(b'Content-Type', b'application/json')
        if isinstance(result, tuple):
            response.status, result = result
        return json.dumps(result)
    return main


def load(path, modules={}):
    if path not in modules:
        module = types.ModuleType('handler')
        module.__file__ = path
        with open(path, encoding='utf-8') as source:
            exec(compile(source.read(), path, 'exec'), module.__dict__)
        modules[path] = module
    return modules[path]


LONGEST = 100  # seconds


def answer(line, root):
    Stash.begin(line['test'])
    slept = []

    def sleep(seconds):  # the answer comes so much later, by the clock of the run
        slept.append(seconds)
        if sum(slept) > LONGEST:
            raise TimeoutError
    time.sleep = sleep
    response = Response()
    try:
        with contextlib.suppress(TimeoutError):  # who writes for ever is read when no test waits any more
            response.take(load(line['path']).main(Request(line, root), response))
        return response.line(sum(slept))
    except Exception as problem:
        return {'status': 500, 'text': 'Internal Server Error', 'headers': [['Content-Type', 'text/plain']], 'delay': 0,
                'body': base64.b64encode(repr(problem).encode()).decode()}


def serve(root):
    output, sys.stdout = sys.stdout, sys.stderr
    sys.dont_write_bytecode = True
    sys.path[:0] = [root, os.path.join(root, 'tools')]
    utils = types.ModuleType('wptserve.utils')
    utils.isomorphic_encode, utils.isomorphic_decode = isomorphic_encode, isomorphic_decode
    handlers = types.ModuleType('wptserve.handlers')
    handlers.json_handler = json_handler
    imp = types.ModuleType('imp')  # of old versions of Python; handlers load each other with it
    imp.load_source = lambda name, path: load(path)
    sys.modules['wptserve'] = types.ModuleType('wptserve')
    sys.modules['wptserve.utils'] = sys.modules['wptserve'].utils = utils
    sys.modules['wptserve.handlers'] = sys.modules['wptserve'].handlers = handlers
    sys.modules['imp'] = imp
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), root)), file=output, flush=True)


serve(sys.argv[1])
