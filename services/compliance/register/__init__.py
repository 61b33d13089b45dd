"""Who there is and what was agreed: products, hospitals, agreements, exemptions, with dates."""
