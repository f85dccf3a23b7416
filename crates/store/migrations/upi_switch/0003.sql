CREATE INDEX upi_mandate_orders_by_number ON upi_mandate_orders (number, at);
