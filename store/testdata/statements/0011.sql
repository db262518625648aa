-- sqlAddBalance
INSERT INTO provider_balances (account, at, current, available)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account, at) DO NOTHING;

-- sqlAddContract
INSERT INTO contracts (id, ref, state, version, proposer, buyer_id, seller_id, item, amount, deliver_by,
    terms_hash, disputed_from, disputed_by, reason, code_tries, chain_seq, chain_head, created_at, updated_at, fee, fee_payer,
    place, quality)
VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, NULL, '', '', '', 0, 0, NULL, $10, $10, $11, $12, $13, $14);

-- sqlAddEntries
INSERT INTO entries (posting_id, line, account, amount)
VALUES ($1, 1, $2, $3), ($1, 2, $4, $5);

-- sqlAddEvent
INSERT INTO audit_events (contract_id, seq, id, at, actor, channel, evidence, event, from_state, to_state,
    detail, prev, hash, signature, signed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- sqlAddHalt
INSERT INTO halts (kind, since, reason, probed_at, lifted_at, lifted_by)
VALUES ($1, $2, $3, $4, NULL, '')
ON CONFLICT (kind) DO UPDATE SET since = excluded.since, reason = excluded.reason,
    probed_at = excluded.probed_at, lifted_at = NULL, lifted_by = ''
WHERE halts.lifted_at IS NOT NULL;

-- sqlAddItem
INSERT INTO operator_items (id, kind, contract_id, transfer_id, note, opened_at, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
ON CONFLICT (kind, contract_id, transfer_id) WHERE closed_at IS NULL DO NOTHING;

-- sqlAddKeyCheck
INSERT INTO key_checks (name, value)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING;

-- sqlAddMessage
INSERT INTO messages (id, party_id, contract_id, template, params, state, provider_id, cost, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $7);

-- sqlAddOperator
INSERT INTO operators (id, name, role, key_hash, created_at)
VALUES ($1, $2, $3, $4, $5);

-- sqlAddOutage
INSERT INTO outages (began_at, ended_at)
VALUES ($1, $2)
ON CONFLICT (began_at, ended_at) DO NOTHING;

-- sqlAddPINEvent
INSERT INTO pin_events (id, party_id, contract_id, at, channel, evidence, event, tries, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- sqlAddParty
INSERT INTO parties (id, phone_hash, phone_sealed, name_sealed, language, created_at, updated_at)
VALUES ($1, $2, $3, $4, '', $5, $5)
ON CONFLICT (phone_hash) DO NOTHING;

-- sqlAddPayment
INSERT INTO payments (id, contract_id, payer_id, amount, status, receipt, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7);

-- sqlAddPosting
INSERT INTO postings (id, contract_id, transfer_id, reason, at)
VALUES ($1, $2, $3, $4, $5);

-- sqlAddReceipt
INSERT INTO receipts (receipt, transfer_id, contract_id, amount, channel, from_buyer, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (receipt) DO NOTHING;

-- sqlAddRuling
INSERT INTO rulings (id, contract_id, state, to_seller, reason, proposed_by, proposed_at, decided_at, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '');

-- sqlAddStray
INSERT INTO strays (receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', '', '', '', NULL);

-- sqlAddTransfer
INSERT INTO transfers (id, contract_id, payment_id, kind, method, state, version, party_id, amount, ref,
    provider_id_sealed, receipt, result_code, original, attempt, looks, created_at, not_before, submitted_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, '', $12, $13, 0, $14, $15, NULL, $14);

-- sqlAttempts
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.contract_id = (SELECT contract_id FROM payments WHERE id = $1)
    AND t.payment_id = $1 AND t.kind = $2
ORDER BY t.created_at DESC, t.attempt DESC, t.id DESC;

-- sqlBalances
SELECT account, SUM(amount) AS amount FROM entries
GROUP BY account;

-- sqlCallback
SELECT id, kind, key, body_sealed, received_at FROM inbox
WHERE id = $1;

-- sqlCharges
SELECT COALESCE(SUM(e.amount), 0) FROM entries e JOIN postings p ON p.id = e.posting_id
		WHERE e.account IN ('fees:mpesa', 'mpesa:charges', 'mpesa:paybill') AND p.contract_id IS NOT NULL;

-- sqlClaim
INSERT INTO idempotency_keys (key, input_hash, contract_id, refusal, at)
VALUES ($1, $2, $3, '', $4)
ON CONFLICT (key) DO NOTHING;

-- sqlClaimed
SELECT input_hash FROM idempotency_keys
WHERE key = $1;

-- sqlCloseItem
UPDATE operator_items SET closed_at = $3, closed_by = $4, closed_why = $5
WHERE contract_id = $1 AND kind = $2 AND closed_at IS NULL;

-- sqlCloseItemByID
UPDATE operator_items SET closed_at = $2, closed_by = $3, closed_why = $4
WHERE id = $1 AND closed_at IS NULL;

-- sqlCollections
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.contract_id = $1 AND t.kind = 'collect'
ORDER BY t.created_at DESC, t.attempt DESC, t.id DESC;

-- sqlContract
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries"
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id = $1;

-- sqlContractByRef
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries"
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id = (SELECT contract_id FROM contract_refs WHERE ref = $1);

-- sqlContractsAfter
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries"
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id > $1
ORDER BY c.id
LIMIT $2;

-- sqlContractsIn
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries",
    COALESCE((SELECT p.status FROM payments p WHERE p.contract_id = c.id
        ORDER BY CASE p.status WHEN 'locked' THEN 0 WHEN 'released' THEN 0 WHEN 'pending' THEN 1
            WHEN 'refunded' THEN 2 ELSE 3 END, p.created_at DESC
        LIMIT 1), '') AS payment_status
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.state IN (?)
ORDER BY c.updated_at DESC, c.id
LIMIT ?;

-- sqlCountContracts
SELECT COUNT(*) FROM contracts;

-- sqlDisableOperator
UPDATE operators SET disabled_at = $2
WHERE name = $1 AND disabled_at IS NULL;

-- sqlDoubt
INSERT INTO doubts (key, since)
VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET since = doubts.since
RETURNING since;

-- sqlDue
SELECT id FROM contracts
WHERE due_at IS NOT NULL AND due_frozen IS NULL AND due_at < $1
ORDER BY due_at
LIMIT $2;

-- sqlEvents
SELECT contract_id, seq, id, at, actor, channel, evidence, event, from_state, to_state, detail, prev, hash,
    signature, signed_by
FROM audit_events
WHERE contract_id IN (?)
ORDER BY contract_id, seq;

-- sqlFindContract
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries",
    COALESCE((SELECT p.status FROM payments p WHERE p.contract_id = c.id
        ORDER BY CASE p.status WHEN 'locked' THEN 0 WHEN 'released' THEN 0 WHEN 'pending' THEN 1
            WHEN 'refunded' THEN 2 ELSE 3 END, p.created_at DESC
        LIMIT 1), '') AS payment_status
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id = (SELECT contract_id FROM contract_refs WHERE ref = $1);

-- sqlFindContracts
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries",
    COALESCE((SELECT p.status FROM payments p WHERE p.contract_id = c.id
        ORDER BY CASE p.status WHEN 'locked' THEN 0 WHEN 'released' THEN 0 WHEN 'pending' THEN 1
            WHEN 'refunded' THEN 2 ELSE 3 END, p.created_at DESC
        LIMIT 1), '') AS payment_status
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id IN (
    SELECT id FROM contracts WHERE buyer_id = (SELECT id FROM parties WHERE phone_hash = $1)
    UNION ALL
    SELECT id FROM contracts WHERE seller_id = (SELECT id FROM parties WHERE phone_hash = $1))
ORDER BY c.created_at DESC, c.id
LIMIT $2 OFFSET $3;

-- sqlFindPIN
SELECT id, phone_sealed, name_sealed, language, pin_set_at, pin_trusted_at, pin_locked_at, pin_reset_at, pin_tries, pin_reset_tries, pin_sealed
FROM parties
WHERE phone_hash = $1;

-- sqlFirstPulse
INSERT INTO pulse (name, at)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING;

-- sqlFooting
WITH open_transfers AS (
    SELECT kind, method, amount, COALESCE(submitted_at, created_at) AS at
    FROM transfers
    WHERE state IN ('submitted', 'accepted', 'unknown') OR state = 'created' AND resent = 1
), moving AS (
    SELECT CASE WHEN kind = 'collect' OR method = 'reversal' THEN 'mpesa:collection' ELSE 'mpesa:payout' END AS account,
        CASE WHEN kind = 'collect' THEN amount ELSE -amount END AS amount
    FROM open_transfers
    UNION ALL
    SELECT CASE WHEN o.kind = 'collect' THEN 'mpesa:paybill' ELSE 'mpesa:charges' END, -(
        SELECT f.fee FROM tariffs f
        WHERE f.service = CASE WHEN o.kind = 'collect' THEN ? ELSE 'b2c' END
            AND f.valid_from <= o.at AND f.min_amount <= o.amount AND f.max_amount >= o.amount
        ORDER BY f.valid_from DESC
        LIMIT 1)
    FROM open_transfers o
    WHERE o.method <> 'reversal'
    UNION ALL
    SELECT e.account, -e.amount
    FROM postings p
    JOIN entries e ON e.posting_id = p.id
    WHERE p.at >= ?
)
SELECT (SELECT COALESCE(SUM(amount), 0) FROM entries WHERE account IN (?)) AS ledger,
    COALESCE(SUM(CASE WHEN amount > 0 THEN amount END), 0) AS more,
    COALESCE(SUM(CASE WHEN amount < 0 THEN -amount END), 0) AS less
FROM moving
WHERE account IN (?);

-- sqlHalted
SELECT kind, since, reason, probed_at
FROM halts
WHERE lifted_at IS NULL
ORDER BY kind;

-- sqlHeld
SELECT account, SUM(amount) AS amount FROM entries
WHERE account IN (?)
GROUP BY account;

-- sqlHeldPayment
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE contract_id = $1 AND status = 'locked';

-- sqlItem
SELECT i.id, i.kind, i.contract_id, COALESCE(c.ref, '') AS ref, i.transfer_id, i.note, i.opened_at,
    i.closed_at, i.closed_by, i.closed_why
FROM operator_items i
LEFT JOIN contracts c ON c.id = i.contract_id
WHERE i.id = $1;

-- sqlItemsOf
SELECT i.id, i.kind, i.contract_id, COALESCE(c.ref, '') AS ref, i.transfer_id, i.note, i.opened_at,
    i.closed_at, i.closed_by, i.closed_why
FROM operator_items i
LEFT JOIN contracts c ON c.id = i.contract_id
WHERE i.contract_id = $1
ORDER BY i.opened_at, i.id;

-- sqlKeep
INSERT INTO inbox (id, kind, key, body_hash, body_sealed, received_at, worked_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
ON CONFLICT (kind, key) DO NOTHING;

-- sqlKeepReconciliation
INSERT INTO reconciliations (id, at, clean, report)
VALUES ($1, $2, $3, $4);

-- sqlKept
SELECT body_hash FROM inbox
WHERE kind = $1 AND key = $2;

-- sqlKeyCheck
SELECT value FROM key_checks
WHERE name = $1;

-- sqlLapseRuling
UPDATE rulings SET state = 'lapsed', decided_at = $2
WHERE contract_id = $1 AND state = 'proposed';

-- sqlLastPrompt
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.party_id = $1 AND t.method = 'stk' AND t.submitted_at IS NOT NULL
ORDER BY t.submitted_at DESC
LIMIT 1;

-- sqlLedgerSum
SELECT COALESCE(SUM(amount), 0) FROM entries;

-- sqlLiftHalt
UPDATE halts SET lifted_at = $3, lifted_by = $2
WHERE kind = $1 AND lifted_at IS NULL;

-- sqlLockPIN
SELECT pin_set_at, pin_trusted_at, pin_locked_at, pin_reset_at, pin_tries, pin_reset_tries, pin_sealed
FROM parties
WHERE id = $1;

-- sqlMarkBounced
UPDATE payments SET bounced = $2
WHERE id = $1;

-- sqlMessage
SELECT m.id, m.contract_id, m.template, m.params, m.state, m.provider_id, m.cost, m.note, m.batch,
    m.created_at, m.updated_at, p.silent_since IS NOT NULL AS silent,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language",
    p.pin_set_at AS "party.pin_set_at", p.pin_trusted_at AS "party.pin_trusted_at",
    p.pin_locked_at AS "party.pin_locked_at", p.pin_reset_at AS "party.pin_reset_at",
    p.pin_tries AS "party.pin_tries", p.pin_reset_tries AS "party.pin_reset_tries"
FROM messages m
JOIN parties p ON p.id = m.party_id
WHERE m.id = $1;

-- sqlMessageByProvider
SELECT m.id, m.contract_id, m.template, m.params, m.state, m.provider_id, m.cost, m.note, m.batch,
    m.created_at, m.updated_at, p.silent_since IS NOT NULL AS silent,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language",
    p.pin_set_at AS "party.pin_set_at", p.pin_trusted_at AS "party.pin_trusted_at",
    p.pin_locked_at AS "party.pin_locked_at", p.pin_reset_at AS "party.pin_reset_at",
    p.pin_tries AS "party.pin_tries", p.pin_reset_tries AS "party.pin_reset_tries"
FROM messages m
JOIN parties p ON p.id = m.party_id
WHERE m.provider_id = $1 AND m.provider_id <> '';

-- sqlMessagesAlike
SELECT m.id, m.contract_id, m.template, m.params, m.state, m.provider_id, m.cost, m.note, m.batch,
    m.created_at, m.updated_at, p.silent_since IS NOT NULL AS silent,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language",
    p.pin_set_at AS "party.pin_set_at", p.pin_trusted_at AS "party.pin_trusted_at",
    p.pin_locked_at AS "party.pin_locked_at", p.pin_reset_at AS "party.pin_reset_at",
    p.pin_tries AS "party.pin_tries", p.pin_reset_tries AS "party.pin_reset_tries"
FROM messages m
JOIN parties p ON p.id = m.party_id
WHERE m.state = 'queued' AND m.template = $1 AND m.params = $2
    AND p.language = $3 AND m.contract_id IS NULL AND m.id <> $4
ORDER BY m.created_at
LIMIT $5;

-- sqlMessagesDelivered
SELECT COUNT(DISTINCT template) FROM messages
WHERE contract_id = ? AND state = 'delivered' AND template IN (?);

-- sqlMessagesOf
SELECT m.id, m.contract_id, m.template, m.params, m.state, m.provider_id, m.cost, m.note, m.batch,
    m.created_at, m.updated_at, p.silent_since IS NOT NULL AS silent,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language",
    p.pin_set_at AS "party.pin_set_at", p.pin_trusted_at AS "party.pin_trusted_at",
    p.pin_locked_at AS "party.pin_locked_at", p.pin_reset_at AS "party.pin_reset_at",
    p.pin_tries AS "party.pin_tries", p.pin_reset_tries AS "party.pin_reset_tries"
FROM messages m
JOIN parties p ON p.id = m.party_id
WHERE m.contract_id = $1
ORDER BY m.created_at, m.id;

-- sqlMoves
SELECT t.kind, t.receipt, min(b.at) AS at
FROM transfers t
JOIN payments p ON p.id = t.payment_id
JOIN postings b ON b.transfer_id = t.id
WHERE t.contract_id = $1 AND t.state = 'succeeded' AND p.bounced = ''
GROUP BY t.id, t.kind, t.receipt
ORDER BY min(b.at), t.id;

-- sqlNewest
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries",
    COALESCE((SELECT p.status FROM payments p WHERE p.contract_id = c.id
        ORDER BY CASE p.status WHEN 'locked' THEN 0 WHEN 'released' THEN 0 WHEN 'pending' THEN 1
            WHEN 'refunded' THEN 2 ELSE 3 END, p.created_at DESC
        LIMIT 1), '') AS payment_status
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
ORDER BY c.created_at DESC, c.id
LIMIT $1;

-- sqlNextPulse
UPDATE pulse SET at = $3
WHERE name = $1 AND at = $2;

-- sqlNoteRefusal
UPDATE idempotency_keys SET refusal = $2
WHERE key = $1;

-- sqlNotedRefusal
SELECT refusal FROM idempotency_keys
WHERE key = $1;

-- sqlOldestWaiting
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.state = 'created' AND t.method = 'b2c'
    AND (t.not_before IS NULL OR t.not_before <= $1)
ORDER BY t.created_at
LIMIT 1;

-- sqlOpenContracts
SELECT
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries"
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id
WHERE c.id IN (
    SELECT id FROM contracts WHERE state IN ('pending', 'confirmed', 'payment_locked', 'delivered', 'accepted', 'disputed')
        AND buyer_id = (SELECT id FROM parties WHERE phone_hash = $1)
    UNION ALL
    SELECT id FROM contracts WHERE state IN ('pending', 'confirmed', 'payment_locked', 'delivered', 'accepted', 'disputed')
        AND seller_id = (SELECT id FROM parties WHERE phone_hash = $1))
ORDER BY c.updated_at DESC, c.id
LIMIT $2;

-- sqlOpenItems
SELECT i.id, i.kind, i.contract_id, COALESCE(c.ref, '') AS ref, i.transfer_id, i.note, i.opened_at,
    i.closed_at, i.closed_by, i.closed_why
FROM operator_items i
LEFT JOIN contracts c ON c.id = i.contract_id
WHERE i.closed_at IS NULL
ORDER BY i.opened_at, i.id;

-- sqlOpenItemsOf
SELECT i.id, i.kind, i.contract_id, COALESCE(c.ref, '') AS ref, i.transfer_id, i.note, i.opened_at,
    i.closed_at, i.closed_by, i.closed_why
FROM operator_items i
LEFT JOIN contracts c ON c.id = i.contract_id
WHERE i.closed_at IS NULL AND i.contract_id IN (?)
ORDER BY i.opened_at, i.id;

-- sqlOpenStrays
SELECT COALESCE(SUM(amount), 0) FROM strays WHERE state = 'open';

-- sqlOperatorByKey
SELECT id, name, role, created_at, disabled_at
FROM operators
WHERE key_hash = $1;

-- sqlOperators
SELECT id, name, role, created_at, disabled_at
FROM operators
ORDER BY created_at, id;

-- sqlOrphanedJobs
UPDATE river_job SET state = 'available'
WHERE state = 'running';

-- sqlOutages
SELECT began_at, ended_at FROM outages
WHERE ended_at > $1
ORDER BY ended_at;

-- sqlOutcome
SELECT COUNT(DISTINCT kind) AS ways,
    COUNT(DISTINCT CASE WHEN state = 'succeeded' THEN kind END) AS arrived,
    COUNT(CASE WHEN kind = 'payout' THEN 1 END) AS payouts
FROM transfers
WHERE payment_id = $1 AND kind IN ('payout', 'refund');

-- sqlPINEvents
SELECT id, party_id, contract_id, at, channel, evidence, event, tries, detail
FROM pin_events
WHERE party_id = (SELECT id FROM parties WHERE phone_hash = $1)
ORDER BY at, id;

-- sqlPartyByPhone
SELECT id, phone_sealed, name_sealed, language, pin_set_at, pin_trusted_at, pin_locked_at, pin_reset_at, pin_tries, pin_reset_tries
FROM parties
WHERE phone_hash = $1;

-- sqlPayment
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE id = $1;

-- sqlPaymentsOf
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE contract_id IN (?)
ORDER BY contract_id, created_at, id;

-- sqlPlaceReceipt
UPDATE receipts SET transfer_id = $2, contract_id = $3, from_buyer = $4
WHERE receipt = $1 AND transfer_id IS NULL;

-- sqlPostingsOf
SELECT p.contract_id, p.id, p.transfer_id, p.reason, p.at, e.account, e.amount
FROM postings p
LEFT JOIN entries e ON e.posting_id = p.id
WHERE p.contract_id IN (?)
ORDER BY p.contract_id, p.id, e.line;

-- sqlProbe
UPDATE halts SET probed_at = $3
WHERE kind = $1 AND probed_at = $2 AND lifted_at IS NULL;

-- sqlPromptOpen
SELECT COUNT(*) FROM transfers
WHERE kind = 'collect' AND state NOT IN ('succeeded', 'failed') AND (contract_id = $1 OR party_id = $2);

-- sqlProposedRuling
SELECT id, contract_id, state, to_seller, reason, proposed_by, proposed_at, decided_by, decided_at, note
FROM rulings
WHERE contract_id = $1 AND state = 'proposed';

-- sqlProviderBalances
SELECT account, at, current, available
FROM provider_balances b
WHERE at = (SELECT MAX(at) FROM provider_balances WHERE account = b.account)
ORDER BY account;

-- sqlPulse
SELECT at FROM pulse
WHERE name = $1;

-- sqlReceipt
SELECT receipt, transfer_id, contract_id, amount, channel, from_buyer, at
FROM receipts
WHERE receipt = $1;

-- sqlReceiptsBetween
SELECT r.receipt, r.transfer_id, r.amount, r.at
FROM receipts r
LEFT JOIN transfers t ON t.id = r.transfer_id
WHERE r.at >= $1 AND r.at < $2 AND (t.kind = 'collect' OR r.transfer_id IS NULL AND r.channel <> 'operator')
ORDER BY r.at, r.receipt;

-- sqlReplaceKeyCheck
UPDATE key_checks SET value = $2
WHERE name = $1;

-- sqlRetireRef
UPDATE contract_refs SET free_after = $3
WHERE ref = $1 AND contract_id = $2 AND free_after IS NULL;

-- sqlRulings
SELECT id, contract_id, state, to_seller, reason, proposed_by, proposed_at, decided_by, decided_at, note
FROM rulings
WHERE contract_id = $1
ORDER BY proposed_at, id;

-- sqlSaveContract
UPDATE contracts SET state = $3, version = version + 1, terms_hash = $4, disputed_from = $5, disputed_by = $6,
    reason = $7, code_tries = $8, chain_seq = $9, chain_head = $10, updated_at = $11,
    due_kind = $12, due_at = $13, due_end = $14, due_armed = $15, due_counted = $16, due_frozen = $17,
    cancel_by = $18, cancel_at = $19, cancel_tries = $20, reminded_at = $21
WHERE id = $1 AND version = $2;

-- sqlSaveMessage
UPDATE messages SET state = $2, provider_id = $3, cost = $4, updated_at = $5, note = $6, batch = $7
WHERE id = $1;

-- sqlSavePIN
UPDATE parties SET pin_sealed = $2, pin_set_at = $3, pin_trusted_at = $4, pin_locked_at = $5, pin_reset_at = $6,
    pin_tries = $7, pin_reset_tries = $8, updated_at = $9
WHERE id = $1;

-- sqlSaveParty
UPDATE parties SET name_sealed = $2, language = $3, updated_at = $4
WHERE id = $1;

-- sqlSavePayment
UPDATE payments SET status = $2, receipt = $3, updated_at = $4
WHERE id = $1;

-- sqlSaveRuling
UPDATE rulings SET state = $2, decided_by = $3, decided_at = $4, note = $5
WHERE id = $1 AND state = 'proposed';

-- sqlSaveStray
UPDATE strays SET state = $2, reversal = $3, closed_by = $4, reason = $5, closed_at = $6
WHERE receipt = $1 AND state = 'open';

-- sqlSaveTransfer
UPDATE transfers SET state = $3, version = version + 1, provider_id_sealed = $4, receipt = $5, result_code = $6,
    resent = $7, looks = $8, submitted_at = $9, updated_at = $10
WHERE id = $1 AND version = $2;

-- sqlSettleItems
UPDATE operator_items SET closed_at = $3, closed_by = $4, closed_why = $5
WHERE kind = $1 AND transfer_id = $2 AND closed_at IS NULL;

-- sqlSilence
UPDATE parties SET silent_since = $2, updated_at = $3 WHERE id = $1;

-- sqlStale
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.state NOT IN ('succeeded', 'failed') AND t.updated_at < $1
    AND (t.not_before IS NULL OR t.not_before < $1)
ORDER BY t.updated_at
LIMIT $2;

-- sqlStray
SELECT receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason, closed_at
FROM strays
WHERE receipt = $1;

-- sqlStrayPostings
SELECT p.id FROM postings p
LEFT JOIN contracts c ON c.id = p.contract_id
LEFT JOIN entries e ON e.posting_id = p.id
WHERE c.id IS NULL
GROUP BY p.id
HAVING COUNT(e.line) < 2 OR SUM(e.amount) <> 0
ORDER BY p.id;

-- sqlStrays
SELECT receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason, closed_at
FROM strays
WHERE state = 'open'
ORDER BY at, receipt;

-- sqlStraysOpen
SELECT receipt FROM strays
WHERE state = 'open';

-- sqlSuspense
SELECT COALESCE(SUM(amount), 0) FROM entries WHERE account = 'suspense';

-- sqlTakeRef
INSERT INTO contract_refs (ref, contract_id, free_after)
VALUES ($1, $2, NULL)
ON CONFLICT (ref) DO UPDATE SET contract_id = excluded.contract_id, free_after = NULL
WHERE contract_refs.free_after < $3;

-- sqlTakenRefs
SELECT ref FROM contract_refs
WHERE ref IN (?) AND (free_after IS NULL OR free_after >= ?);

-- sqlTariff
SELECT fee FROM tariffs
WHERE service = $1 AND valid_from <= $2 AND min_amount <= $3 AND max_amount >= $3
ORDER BY valid_from DESC
LIMIT 1;

-- sqlTransfer
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.id = $1;

-- sqlTransfersOf
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.contract_id = $1
ORDER BY t.created_at, t.kind, t.attempt, t.id;

-- sqlTransfersOfMany
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
WHERE t.contract_id IN (?)
ORDER BY t.contract_id, t.created_at, t.kind, t.attempt, t.id;

-- sqlUnbalanced
SELECT p.id FROM postings p
LEFT JOIN entries e ON e.posting_id = p.id
GROUP BY p.id
HAVING COUNT(e.line) < 2 OR SUM(e.amount) <> 0
ORDER BY p.id;

-- sqlUnplaced
SELECT COALESCE(SUM(e.amount), 0) FROM entries e
JOIN postings p ON p.id = e.posting_id
WHERE e.account = 'suspense' AND p.contract_id IS NULL;

-- sqlWorked
UPDATE inbox SET worked_at = $2
WHERE id = $1;

