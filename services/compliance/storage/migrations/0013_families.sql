-- Of which varieties and classes products were ever told: what is told of one touches its kin.
CREATE TABLE compliance.family (
    jurisdiction text COLLATE "C" NOT NULL,
    family text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    PRIMARY KEY (jurisdiction, family, product)
);
CREATE INDEX family_product ON compliance.family (jurisdiction, product);
