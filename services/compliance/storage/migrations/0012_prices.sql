-- The register holds prices and payment standards, too, each of a product under its code.
ALTER TABLE compliance.reference DROP CONSTRAINT reference_kind_check;
ALTER TABLE compliance.reference ADD CONSTRAINT reference_kind_check
    CHECK (kind IN ('product', 'hospital', 'exemption', 'price', 'standard'));
