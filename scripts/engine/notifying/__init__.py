"""Tells people how deploys begin and end: messages are made from events, and delivered beside the deploy.

A receiver that is slow, broken or gone costs a deploy two seconds at its end, at most, and never its success.
Nothing in here is loaded for a target that names no receiver.
"""
