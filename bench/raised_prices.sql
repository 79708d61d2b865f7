UPDATE billing.price_rate SET price = price + 10;
