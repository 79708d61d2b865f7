-- Bulk confirmation: how far it has come with each invoice.

ALTER TABLE billing.invoice ADD COLUMN IF NOT EXISTS bulk_confirmation_status billing.bulk_confirmation_status;
ALTER TABLE billing.invoice ADD COLUMN IF NOT EXISTS bulk_confirmation_reason text;
COMMENT ON COLUMN billing.invoice.bulk_confirmation_status IS 'How far confirm_in_bulk() has come; NULL: it has never taken the invoice.';
COMMENT ON COLUMN billing.invoice.bulk_confirmation_reason IS 'Why confirm_in_bulk() failed.';
