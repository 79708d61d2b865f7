-- How tables look: columns without frame, numbers to the right. Read before each chapter.
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset border 0
\pset null ''
\pset linestyle ascii
SET client_min_messages = warning;
SET search_path = billing, demo;

CREATE SCHEMA IF NOT EXISTS demo;

-- 1234.5 -> "1,234.50", padded on the left to a width.
CREATE OR REPLACE FUNCTION demo.figures(amount numeric, width int DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN (SELECT lpad(shown, greatest(width, length(shown))) FROM to_char(amount, 'FM999,999,990.00') AS shown);

-- Hours and other quantities, as many decimals as there are when a customer's share is taken.
CREATE OR REPLACE FUNCTION demo.quantity(q numeric, width int DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN (SELECT lpad(shown, greatest(width, length(shown))) FROM to_char(q, 'FM999,990.0000') AS shown);

CREATE OR REPLACE FUNCTION demo.number(n numeric, width int DEFAULT 6) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lpad(to_char(n, 'FM999,999,990'), width);

-- Milliseconds since a moment, as text.
CREATE OR REPLACE FUNCTION demo.took(since timestamptz) RETURNS text LANGUAGE sql VOLATILE
    RETURN to_char(extract(epoch FROM clock_timestamp() - since) * 1000, 'FM999,990') || ' ms';

-- The tour stops where it promises something that is not so.
CREATE OR REPLACE FUNCTION demo.require(holds boolean, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'the demo expected: %', what;
    END IF;
END
$$;
