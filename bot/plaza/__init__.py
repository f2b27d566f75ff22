"""A tiny social site on our open protocol: the demo, and the protocol's reference server."""
