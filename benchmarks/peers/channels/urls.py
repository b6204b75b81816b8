"""No pages: the peer has sockets only."""

urlpatterns: list[object] = []
