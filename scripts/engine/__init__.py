"""The deploy engine: looks, chooses, plans, executes, records and reports. It never prints."""
