package bank

// Bouquet says who bears the fee of a payment to a PayBill; the business chooses
// it when it opens the short code.
type Bouquet string

// The bouquets. The zero value takes no fee at all, as in the short code's
// promotional period: deals are then to the shilling.
const (
	NoFee           Bouquet = ""
	BusinessBouquet Bouquet = "business" // the customer pays all
	Mgao            Bouquet = "mgao"     // shared
	CustomerBouquet Bouquet = "customer" // the business pays all
)

// band is a row of the tariff, in shillings.
type band struct{ upTo, customer, business int64 }

// payBillTariff is the PayBill tariff in force since the excise change of July
// 2023, with the two shares of the mgao bouquet; its last row reaches the limit
// that the Central Bank raised in September 2023. A push to a PayBill is charged
// as a PayBill payment, which no page says and no payer contradicts.
func payBillTariff() []band {
	return []band{
		{100, 0, 0},
		{500, 5, 0},
		{1_000, 10, 0},
		{1_500, 10, 5},
		{2_500, 13, 7},
		{3_500, 16, 9},
		{5_000, 16, 18},
		{7_500, 17, 25},
		{10_000, 18, 30},
		{15_000, 18, 39},
		{20_000, 19, 43},
		{25_000, 20, 47},
		{30_000, 20, 52},
		{35_000, 21, 62},
		{40_000, 23, 76},
		{45_000, 23, 80},
		{250_000, 24, 84},
	}
}

// PayBillFee is what payer and payee bear of a payment of cents.
func PayBillFee(bouquet Bouquet, cents int64) (customer, business int64) {
	for _, row := range payBillTariff() {
		if cents > row.upTo*100 {
			continue
		}
		total := (row.customer + row.business) * 100
		switch bouquet {
		case BusinessBouquet:
			return total, 0
		case CustomerBouquet:
			return 0, total
		case Mgao:
			return row.customer * 100, row.business * 100
		case NoFee:
		}
		return 0, 0
	}
	return 0, 0
}

// PayoutFee is what the business pays for a payout to a registered customer
// (Safaricom, M-PESA bulk payment tariff, rows since the July 2023 excise
// change; the rows above Ksh 15,000 are inferred from the earlier tariff).
func PayoutFee(cents int64) int64 {
	switch {
	case cents <= 100_00:
		return 0
	case cents <= 1_500_00:
		return 5_00
	case cents <= 5_000_00:
		return 9_00
	case cents <= 20_000_00:
		return 11_00
	default:
		return 13_00
	}
}
