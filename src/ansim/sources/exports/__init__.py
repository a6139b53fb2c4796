"""Conversations that a participant exported and hands over, whatever messenger they come from."""

from ansim.sources.exports.reader import Held, SeveralConversations, parse

__all__ = ["Held", "SeveralConversations", "parse"]
