"""What the cloud looks like: one stack a file, composed from `constructs/`; everything comes from `settings`."""
