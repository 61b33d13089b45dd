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
-- Sum them agreement by agreement: what was accepted to date, and in each year before.
WITH meant AS (
    SELECT jurisdiction, agreement, {group} AS code, quantity, price,
           quantity * ($2::date - since + 1)::float8 / (until - since) AS due, since
    FROM agreement
    WHERE jurisdiction = $1 AND since <= $2 AND until > $2 {of}
),
earlier AS (
    SELECT agreement, sum(accepted) AS accepted, sum(returned) AS returned,
           sum(accepted_amount) AS accepted_amount, sum(returned_amount) AS returned_amount
    FROM completion_to_date
    WHERE jurisdiction = $1 {only}
      AND month = ANY (ARRAY(
              SELECT 100 * year + 12
              FROM generate_series((SELECT extract(year FROM min(since))::int FROM meant),
                                   $3 / 100 - 1) AS year))
    GROUP BY agreement
),
done AS (
    SELECT code, quantity, price, due,
           coalesce(y.accepted, 0) + coalesce(e.accepted, 0) AS accepted,
           coalesce(y.returned, 0) + coalesce(e.returned, 0) AS returned,
           coalesce(y.accepted_amount - y.returned_amount, 0)
               + coalesce(e.accepted_amount - e.returned_amount, 0) AS amount
    FROM meant
    LEFT JOIN completion_to_date y
         ON y.jurisdiction = $1 AND y.month = $3 AND y.agreement = meant.agreement
    LEFT JOIN earlier e ON e.agreement = meant.agreement
)
{summed};

-- whole --
-- Give agreements themselves, the slowest first.
SELECT code, 1::bigint AS agreements, quantity AS agreed, quantity * price AS agreed_amount,
       (price IS NULL)::int AS unpriced, due, accepted, returned, amount
FROM done
ORDER BY round((accepted - returned) / due::numeric, 6), code
LIMIT {most}

-- summed --
-- Give sums of agreements, the slowest first.
SELECT code, count(*) AS agreements, sum(quantity) AS agreed,
       sum(quantity * price) AS agreed_amount,
       count(*) FILTER (WHERE price IS NULL) AS unpriced, sum(due) AS due,
       sum(accepted) AS accepted, sum(returned) AS returned, sum(amount) AS amount
FROM done
GROUP BY code
ORDER BY round((sum(accepted) - sum(returned)) / sum(due)::numeric, 6), code
LIMIT {most}
