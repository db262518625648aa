-- +goose Up

-- What the business pays for a payment to the PayBill where it shares the charge
-- with the customer (the bouquet that Safaricom calls mgao), from the same day as
-- the whole charge of 'paybill'.
INSERT INTO tariffs (service, valid_from, min_amount, max_amount, fee) VALUES
    ('paybill_shared', 1688158800000000, 100, 100000, 0),
    ('paybill_shared', 1688158800000000, 100100, 150000, 500),
    ('paybill_shared', 1688158800000000, 150100, 250000, 700),
    ('paybill_shared', 1688158800000000, 250100, 350000, 900),
    ('paybill_shared', 1688158800000000, 350100, 500000, 1800),
    ('paybill_shared', 1688158800000000, 500100, 750000, 2500),
    ('paybill_shared', 1688158800000000, 750100, 1000000, 3000),
    ('paybill_shared', 1688158800000000, 1000100, 1500000, 3900),
    ('paybill_shared', 1688158800000000, 1500100, 2000000, 4300),
    ('paybill_shared', 1688158800000000, 2000100, 2500000, 4700),
    ('paybill_shared', 1688158800000000, 2500100, 3000000, 5200),
    ('paybill_shared', 1688158800000000, 3000100, 3500000, 6200),
    ('paybill_shared', 1688158800000000, 3500100, 4000000, 7600),
    ('paybill_shared', 1688158800000000, 4000100, 4500000, 8000),
    ('paybill_shared', 1688158800000000, 4500100, 25000000, 8400);

-- +goose Down
DELETE FROM tariffs WHERE service = 'paybill_shared';
