"""The server extension: websockets of kernels wait for nothing; it costs no import and is on by itself."""

import json
import socket
import subprocess
import sys
from importlib.resources import files

from tornado.testing import AsyncHTTPTestCase, gen_test
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from mi_widgets import server


class Handler(WebSocketHandler):
    delays = []  # noqa: RUF012

    async def open(self, kernel_id):
        stream = self.ws_connection.stream.socket
        self.delays.append((kernel_id, stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))


class Plain(Handler):
    delays = []  # noqa: RUF012

    def open(self, kernel_id):
        stream = self.ws_connection.stream.socket
        self.delays.append((kernel_id, stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))


class TestWithoutDelay(AsyncHTTPTestCase):
    def get_app(self):
        return Application([("/async/(.*)", Handler), ("/plain/(.*)", Plain)])

    @gen_test
    async def test_a_websocket_opened_afterwards_waits_for_nothing(self):
        for path, handler in (("async", Handler), ("plain", Plain)):
            url = f"ws://127.0.0.1:{self.get_http_port()}/{path}"
            (await websocket_connect(f"{url}/before")).close()
            server.without_delay(handler)
            once = handler.open
            server.without_delay(handler)
            assert handler.open is once
            (await websocket_connect(f"{url}/after")).close()
            assert [(name, bool(on)) for name, on in handler.delays] == [("before", False), ("after", True)]


def test_jupyter_finds_it_and_it_imports_nothing_heavy():
    assert server._jupyter_server_extension_points() == [{"module": "mi_widgets.server"}]
    config = json.loads(files("mi_widgets").joinpath("server.json").read_text())
    assert config == {"ServerApp": {"jpserver_extensions": {"mi_widgets.server": True}}}
    code = "import sys, mi_widgets.server; print(*[m for m in ('torch', 'nnsight', 'xarray') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_it_is_loaded_into_a_server(monkeypatch):
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    monkeypatch.setattr(KernelWebsocketHandler, "open", KernelWebsocketHandler.open)
    said = []

    class App:
        class log:
            info = said.append

    server._load_jupyter_server_extension(App)
    assert KernelWebsocketHandler.open.without_delay
    assert said == ["mi_widgets.server: messages of kernels are sent without delay"]
