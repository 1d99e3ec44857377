"""The gateway's agent: starts Envoy, keeps its files current, says what is enforced, and ends with it.

Everything that decides is plain data in and out; files, processes and the AWS API are at the edges. It uses nothing
but Python's own library, because it shares a small task with Envoy.
"""
