"""Carries messages from sources through reading and detection and raises alerts in casework.

Delivery is NATS JetStream's; the states of conversations live in the memory of one worker a
partition, as snapshot + replay. docs/architecture.md tells the rules.
"""
