"""A market that flows through Kafka: its messages, as tapes to trade on, and how to send them."""
