"""What people talk about today: boards, bursts in our own stream, and which of it may be joked about."""
