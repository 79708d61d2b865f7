// What confirming drafts does with retainers: bills them, uses what was applied, pays back what was staged, and takes
// back what a corrective invoice credits.

#include "domain/retainer.hpp"
#include "engine/new_actuals.hpp"
#include "engine/operation.hpp"
#include "engine/retainer.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

namespace {

// What confirmations leave of one retainer.
struct RetainerState {
    std::int64_t contract_id;
    std::string status;
    std::string refund_status;
    Decimal amount;
    Decimal used;
    std::int64_t open_actual_id; // 0: nothing is left, or not billed yet

    Decimal balance() const { return amount - used; }
};

// Columns of the actuals to write.
struct RetainerActuals {
    Ids contracts, ids, customers, retainers, invoices, sources, reversed;
    std::vector<std::string> types, adjustments;
    std::vector<DateADT> dates;
    std::vector<Decimal> quantities, prices, amounts;

    void write() const {
        static pg::Statement insert{
            R"(
            INSERT INTO billing.actual
                (contract_id, actual_id, customer_id, retainer_id, invoice_id, source_id, reverses_id, transaction_type,
                 adjustment_status, transaction_date, quantity, price, amount, transaction_class, billing_type,
                 billing_status, description, external_description)
            SELECT d.contract_id, d.actual_id, d.customer_id, d.retainer_id, d.invoice_id, nullif(d.source_id, 0),
                   nullif(d.reverses_id, 0), d.transaction_type::billing.transaction_type,
                   d.adjustment_status::billing.adjustment_status, d.transaction_date, d.quantity,
                   d.price, d.amount, 'retainer', 'chargeable', 'customer_invoice_posted', r.description, r.description
              FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                   AS d (contract_id, actual_id, customer_id, retainer_id, invoice_id, source_id, reverses_id,
                         transaction_type, adjustment_status, transaction_date, quantity, price, amount)
              JOIN billing.retainer r ON r.retainer_id = d.retainer_id AND r.contract_id = d.contract_id)",
            {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
             TEXTARRAYOID, TEXTARRAYOID, DATEARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        pg::Parameters parameters;
        parameters.ids(contracts).ids(ids).ids(customers).ids(retainers).ids(invoices).ids(sources).ids(reversed);
        parameters.texts(types).texts(adjustments).add(pg::array_of_dates(dates));
        guard::write(insert, "actual", guard::Write::insert,
                     std::move(parameters.decimals(quantities).decimals(prices).decimals(amounts)));
    }
};

class RetainerConfirmation {
public:
    RetainerConfirmation(std::int64_t operation_id, const Ids& invoice_ids)
        : operation_id_(operation_id), invoice_ids_(invoice_ids) {}

    void run() {
        forget_unused_advances();
        // One retainer may stand on several of the invoices; each works with what the one before left.
        static pg::Statement read{R"(
            SELECT d.detail_kind, d.contract_id, d.invoice_id, d.customer_id, d.source_id, d.amount, d.transaction_date,
                   r.invoice_date, r.retainer_status::text, r.refund_status::text, r.amount, r.used_amount,
                   coalesce(r.open_actual_id, 0), coalesce(d.corrected_sale_id, 0), coalesce(b.invoice_id, 0)
              FROM billing.retainer_detail d
              JOIN billing.retainer r ON r.retainer_id = d.source_id AND r.contract_id = d.contract_id
              LEFT JOIN billing.actual b ON b.actual_id = d.corrected_sale_id AND b.contract_id = d.contract_id
             WHERE d.invoice_id = ANY ($1)
             ORDER BY d.invoice_id, d.source_id)",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(invoice_ids_));
        if (rows.empty()) {
            return;
        }
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            take(rows, i);
        }
        actuals_.write();
        write_states();
        write_advances();
        close_corrections();
        write_log();
    }

private:
    // Retainers that the draft was told not to use.
    void forget_unused_advances() const {
        static pg::Statement erase{R"(
            DELETE FROM billing.invoice_advance a USING billing.invoice v
             WHERE v.invoice_id = ANY ($1) AND a.contract_id = v.contract_id AND a.invoice_id = v.invoice_id
               AND a.amount = 0)",
                                   {INT8ARRAYOID}};
        guard::write(erase, "invoice_advance", guard::Write::remove, pg::Parameters().ids(invoice_ids_));
    }

    void take(const pg::Rows& rows, std::uint64_t i) {
        RetainerState& state =
            states_
                .try_emplace(rows.id(i, 5), RetainerState{rows.id(i, 2), rows.text(i, 9), rows.text(i, 10),
                                                          rows.decimal(i, 11), rows.decimal(i, 12), rows.id(i, 13)})
                .first->second;
        bool const takes_back = rows.id(i, 14) != 0;
        if (takes_back) {
            corrected_.add(state.contract_id, rows.id(i, 14));
        }
        switch (kinds_(rows.value(i, 1))) {
        case DetailKind::retainer:
            return takes_back ? credit_billing(rows, i, state) : bill(rows, i, state);
        case DetailKind::advance:
            return takes_back ? give_back(rows, i, state) : use(rows, i, state);
        case DetailKind::refund:
            return takes_back ? credit_paid_back(rows, i, state) : refund(rows, i, state);
        default:
            throw DomainError(sqlstate::inconsistent, "unexpected kind of detail of a retainer");
        }
    }

    void bill(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        state.open_actual_id = add_rows(rows, i, 0, bill_retainer(state.amount));
        state.status = label(RetainerStatus::customer_invoice_posted);
        billed_.add(state.contract_id, rows.id(i, 5));
    }

    void use(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        Decimal const used = -rows.decimal(i, 6);
        require_balance(rows.id(i, 5), state, used);
        advance_contracts_.push_back(state.contract_id);
        advance_invoices_.push_back(rows.id(i, 3));
        advance_retainers_.push_back(rows.id(i, 5));
        used_before_.push_back(state.used);
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, use_retainer(state.balance(), used));
        state.used += used;
    }

    void refund(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        require_balance(rows.id(i, 5), state, -rows.decimal(i, 6));
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, refund_retainer(state.balance()));
        state.refund_status = label(RefundStatus::refunded);
        refunded_.add(state.contract_id, rows.id(i, 5));
    }

    // The retainer is as before it was billed: ready, with no balance.
    void credit_billing(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        require_balance(rows.id(i, 5), state, state.amount);
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, credit_retainer(state.amount));
        state.status = label(RetainerStatus::ready_to_invoice);
        credited_.add(state.contract_id, rows.id(i, 5));
    }

    void give_back(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        Decimal const used = rows.decimal(i, 6);
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, credit_use(state.balance(), used));
        state.used -= used;
        given_back_.contracts.push_back(state.contract_id);
        given_back_.invoices.push_back(rows.id(i, 15));
        given_back_.retainers.push_back(rows.id(i, 5));
        given_back_.by.push_back(rows.id(i, 3));
    }

    void credit_paid_back(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, credit_refund(rows.decimal(i, 6)));
        state.refund_status = label(RefundStatus::not_refunded);
        restored_.add(state.contract_id, rows.id(i, 5));
    }

    static void require_balance(std::int64_t retainer_id, const RetainerState& state, const Decimal& wanted) {
        if (state.open_actual_id == 0 || wanted > state.balance()) {
            throw DomainError(sqlstate::inconsistent,
                              "retainer " + std::to_string(retainer_id) + " has " + state.balance().trimmed().text() +
                                  " left, an invoice takes " + wanted.trimmed().text(),
                              {}, "Run SELECT * FROM billing.verify();");
        }
    }

    // Adds the rows and returns the id of the one that holds the balance now; 0 if nothing is left.
    std::int64_t add_rows(const pg::Rows& rows, std::uint64_t i, std::int64_t open_id,
                          const std::vector<ConfirmedRow>& confirmed) {
        std::int64_t balance_id = 0;
        for (ConfirmedRow const& row : confirmed) {
            bool const is_billed = row.type == TransactionType::billed_sales;
            std::int64_t const id = actual_ids_.next();
            if (!is_billed && row.adjustment == AdjustmentStatus::adjustable) {
                balance_id = id;
            }
            actuals_.contracts.push_back(rows.id(i, 2));
            actuals_.ids.push_back(id);
            actuals_.customers.push_back(rows.id(i, 4));
            actuals_.retainers.push_back(rows.id(i, 5));
            actuals_.invoices.push_back(rows.id(i, 3));
            actuals_.sources.push_back(row.source == source_row ? open_id : 0);
            actuals_.reversed.push_back(row.reverses == source_row   ? open_id
                                        : row.reverses == billed_row ? rows.id(i, 14)
                                                                     : 0);
            actuals_.types.emplace_back(label(row.type));
            actuals_.adjustments.emplace_back(label(row.adjustment));
            // The balance keeps the date of the retainer, whatever uses it; a credit that of what it takes back.
            actuals_.dates.push_back(DatumGetDateADT(rows.value(i, is_billed ? 7 : 8)));
            actuals_.quantities.push_back(row.terms.quantity);
            actuals_.prices.push_back(row.terms.price);
            actuals_.amounts.push_back(row.terms.amount);
        }
        return balance_id;
    }

    void write_states() const {
        static pg::Statement update{
            R"(
            UPDATE billing.retainer r
               SET retainer_status = d.status::billing.retainer_status,
                   refund_status = d.refund_status::billing.refund_status,
                   invoice_id = CASE WHEN d.status = 'customer_invoice_posted' THEN r.invoice_id END,
                   refund_invoice_id = CASE WHEN d.refund_status <> 'not_refunded' THEN r.refund_invoice_id END,
                   used_amount = d.used_amount, open_actual_id = nullif(d.open_actual_id, 0),
                   has_billing_history = true
              FROM unnest($1, $2, $3, $4, $5, $6)
                   AS d (contract_id, retainer_id, status, refund_status, used_amount, open_actual_id)
             WHERE r.retainer_id = d.retainer_id AND r.contract_id = d.contract_id)",
            {INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, INT8ARRAYOID}};
        Ids contracts;
        Ids ids;
        Ids open;
        std::vector<std::string> statuses;
        std::vector<std::string> refunds;
        std::vector<Decimal> used;
        for (auto const& [id, state] : states_) {
            contracts.push_back(state.contract_id);
            ids.push_back(id);
            open.push_back(state.open_actual_id);
            statuses.push_back(state.status);
            refunds.push_back(state.refund_status);
            used.push_back(state.used);
        }
        guard::write(update, "retainer", guard::Write::update,
                     pg::Parameters().ids(contracts).ids(ids).texts(statuses).texts(refunds).decimals(used).ids(open));
    }

    void write_advances() const {
        static pg::Statement update{R"(
            UPDATE billing.invoice_advance a SET used_before = d.used_before
              FROM unnest($1, $2, $3, $4) AS d (contract_id, invoice_id, retainer_id, used_before)
             WHERE a.contract_id = d.contract_id AND a.invoice_id = d.invoice_id AND a.retainer_id = d.retainer_id)",
                                    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID}};
        guard::write(update, "invoice_advance", guard::Write::update,
                     pg::Parameters()
                         .ids(advance_contracts_)
                         .ids(advance_invoices_)
                         .ids(advance_retainers_)
                         .decimals(used_before_));
        static pg::Statement give_back{R"(
            UPDATE billing.invoice_advance a SET credit_invoice_id = d.credit_invoice_id
              FROM unnest($1, $2, $3, $4) AS d (contract_id, invoice_id, retainer_id, credit_invoice_id)
             WHERE a.contract_id = d.contract_id AND a.invoice_id = d.invoice_id AND a.retainer_id = d.retainer_id)",
                                       {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        guard::write(give_back, "invoice_advance", guard::Write::update,
                     pg::Parameters()
                         .ids(given_back_.contracts)
                         .ids(given_back_.invoices)
                         .ids(given_back_.retainers)
                         .ids(given_back_.by));
    }

    void close_corrections() const {
        static pg::Statement adjust{R"(
            UPDATE billing.actual SET adjustment_status = 'adjusted'
             WHERE actual_id = ANY ($1) AND adjustment_status = 'in_process')",
                                    {INT8ARRAYOID}};
        static pg::Statement erase{"DELETE FROM billing.retainer_correction WHERE actual_id = ANY ($1)",
                                   {INT8ARRAYOID}};
        if (!corrected_.ids.empty()) {
            guard::write(adjust, "actual", guard::Write::update, pg::Parameters().ids(corrected_.ids));
            guard::write(erase, "retainer_correction", guard::Write::remove, pg::Parameters().ids(corrected_.ids));
        }
    }

    void write_log() const {
        log_changes(operation_id_,
                    {0, "retainer", "retainer_status", "customer_invoice_created", "customer_invoice_posted"}, billed_);
        log_changes(operation_id_, {0, "retainer", "retainer_status", "customer_invoice_posted", "ready_to_invoice"},
                    credited_);
        log_changes(operation_id_, {0, "retainer", "refund_status", "ready_to_refund", "refunded"}, refunded_);
        log_changes(operation_id_, {0, "retainer", "refund_status", "refunded", "not_refunded"}, restored_);
        log_changes(operation_id_, {0, "actual", "adjustment_status", "in_process", "adjusted"}, corrected_);
    }

    std::int64_t operation_id_;
    const Ids& invoice_ids_;
    ActualIds actual_ids_;
    pg::EnumOids<DetailKind> kinds_;
    std::map<std::int64_t, RetainerState> states_;
    RetainerActuals actuals_;
    ItemsByContract billed_, refunded_;               // retainers
    ItemsByContract credited_, restored_, corrected_; // retainers, retainers, billed sales
    struct {
        Ids contracts, invoices, retainers, by;
    } given_back_; // advances
    Ids advance_contracts_, advance_invoices_, advance_retainers_;
    std::vector<Decimal> used_before_;
};

} // namespace

void confirm_retainers(std::int64_t operation_id, const Ids& invoice_ids) {
    RetainerConfirmation(operation_id, invoice_ids).run();
}

} // namespace billing::engine
