"""Who writes: any OpenAI-compatible model, the offline writer, and a queue of them that tries each in order."""
