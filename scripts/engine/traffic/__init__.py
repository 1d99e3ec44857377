"""A second version beside the main one: who gets the requests of a service, shifted at the gateway, and taken back."""
