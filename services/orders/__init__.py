"""The purchasing side's door: products, hospitals, agreements, exemptions, orders, payments."""
