-- bought --
-- Sum what was bought in some months, by one column.
SELECT {group} AS code, {sums}
FROM {source}
WHERE jurisdiction = $1 AND month BETWEEN $2 AND $3 {of}
GROUP BY 1;

-- completed --
-- Sum the agreements in force on a day, and what was accepted of them up to the end of its month.
-- Sums are told apart by the days of agreements, so that either half sums the same agreements.
WITH agreed AS (
    SELECT {group} AS code,
           count(*) AS agreements,
           sum(quantity) AS agreed,
           sum(quantity * price) AS agreed_amount,
           count(*) FILTER (WHERE price IS NULL) AS unpriced,
           sum(quantity * ($2::date - since + 1)::float8 / (until - since)) AS due
    FROM agreement
    WHERE jurisdiction = $1 AND since <= $2 AND until > $2 {of}
    GROUP BY 1
),
done AS (
    SELECT {group} AS code,
           sum(accepted) AS accepted,
           sum(returned) AS returned,
           sum(accepted_amount - returned_amount) AS amount
    FROM {source}
    WHERE jurisdiction = $1 AND month <= $3 AND since <= $4 AND until > $4 {of}
    GROUP BY 1
)
SELECT code, agreements, agreed, agreed_amount, unpriced, due,
       coalesce(accepted, 0) AS accepted,
       coalesce(returned, 0) AS returned,
       coalesce(amount, 0) AS amount
FROM agreed LEFT JOIN done USING (code)
ORDER BY round(((coalesce(accepted, 0) - coalesce(returned, 0)) / due::numeric), 6), code
LIMIT {most};

-- each --
-- Sum them agreement by agreement: what they have come to in the year, and in all years before.
WITH meant AS (
    SELECT agreement, {group} AS code, quantity, price,
           quantity * ($2::date - since + 1)::float8 / (until - since) AS due
    FROM agreement
    WHERE jurisdiction = $1 AND since <= $2 AND until > $2 {of}
),
earlier AS (
    SELECT agreement, sum(accepted) AS accepted, sum(returned) AS returned,
           sum(accepted_amount - returned_amount) AS amount
    FROM completion_to_date
    WHERE jurisdiction = $1 AND month = ANY ($4::int[]) {only}
    GROUP BY agreement
),
done AS (
    SELECT code, quantity, price, due, y.accepted, y.returned,
           y.accepted_amount, y.returned_amount, e.accepted AS accepted_before,
           e.returned AS returned_before, e.amount AS amount_before
    FROM meant
    LEFT JOIN completion_to_date y
         ON y.jurisdiction = $1 AND y.month = $3 AND y.agreement = meant.agreement
    LEFT JOIN earlier e ON e.agreement = meant.agreement
)
{summed};

-- whole --
-- Give agreements themselves, the slowest first: of all no more is reckoned than how slow they are.
SELECT code, 1::bigint AS agreements, quantity AS agreed, quantity * price AS agreed_amount,
       (price IS NULL)::int AS unpriced, due,
       coalesce(accepted, 0) + coalesce(accepted_before, 0) AS accepted,
       coalesce(returned, 0) + coalesce(returned_before, 0) AS returned,
       coalesce(accepted_amount - returned_amount, 0) + coalesce(amount_before, 0) AS amount
FROM (
    SELECT *
    FROM done
    ORDER BY round((coalesce((accepted - returned)::float8, 0)
                    + coalesce((accepted_before - returned_before)::float8, 0)) / due * 1e6), code
    LIMIT {most}
) AS slowest

-- summed --
-- Give sums of agreements, the slowest first.
SELECT *
FROM (
    SELECT code, count(*) AS agreements, sum(quantity) AS agreed,
           sum(quantity * price) AS agreed_amount,
           count(*) FILTER (WHERE price IS NULL) AS unpriced, sum(due) AS due,
           coalesce(sum(accepted), 0) + coalesce(sum(accepted_before), 0) AS accepted,
           coalesce(sum(returned), 0) + coalesce(sum(returned_before), 0) AS returned,
           coalesce(sum(accepted_amount - returned_amount), 0) + coalesce(sum(amount_before), 0)
               AS amount
    FROM done
    GROUP BY code
) AS each
ORDER BY round((accepted - returned)::float8 / due * 1e6), code
LIMIT {most}
