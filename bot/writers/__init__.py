"""Who writes: any OpenAI-compatible model, the offline writer, and a queue of them that tries each in order."""

from bot.writers.first_able import FirstAble
from bot.writers.offline import Offline
from bot.writers.openai import OpenAIWriter

__all__ = ["FirstAble", "Offline", "OpenAIWriter"]
