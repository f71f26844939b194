"""Plugins: manifests, discovery, hook contracts, dispatch per tenant, enablement and the gate."""
