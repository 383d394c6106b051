"""Every store against the contract, and the contract against broken stores."""
