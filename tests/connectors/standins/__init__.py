"""Chat services that cannot run here, as far as their documentation describes them.

Each speaks its service's documented HTTP (and gateway) interface on a free port; the connector that
ships talks to it through its library's own setting of an address.
"""
