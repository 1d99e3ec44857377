"""The parts that stacks are composed of; each defines the resources of one concern."""
