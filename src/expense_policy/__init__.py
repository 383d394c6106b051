"""Enforces a company's policy for what it spends on operating its existing customers (老客户运营费用制度)."""
