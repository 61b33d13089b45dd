"""The supply side's door: appointments, responses, shipments, receipts, stock, shortages."""
