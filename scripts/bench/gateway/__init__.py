"""What the bench measures at the gateway: policies made live, requests a second, changes and deploys under load."""
