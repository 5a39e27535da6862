"""The law. `visibility` says who sees, `permissions` who may; `showing` loads things through the law."""
