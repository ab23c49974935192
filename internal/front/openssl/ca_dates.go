package openssl

import (
	"fmt"
	"time"

	"github.com/certwright/certwright/internal/opensslca"
)

// dates are the validity of new certificates. Zero times stand for now, and
// for so many days from now.
type dates struct {
	from, to time.Time
	days     int
}

// readDates reads the options and names that say when certificates begin and
// end.
func (a *authority) readDates() (d dates, err error) {
	const form = "%s date is invalid, it should be YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ"
	start, end := a.text("startdate"), a.text("enddate")
	if start == "" {
		start = a.conf.DefaultStartDate
	}
	if end == "" {
		end = a.conf.DefaultEndDate
	}
	if start != "" {
		if d.from, err = opensslca.Time(start); err != nil {
			return d, complain(form, "start")
		}
	}
	if end != "" {
		if d.to, err = opensslca.Time(end); err != nil {
			return d, complain(form, "end")
		}
		return d, nil
	}
	if d.days = a.count("days", a.conf.DefaultDays); d.days == 0 {
		return d, complain("cannot lookup how many days to certify for")
	}
	return d, nil
}

// at returns the validity of a certificate that is signed now.
func (d dates) at(now time.Time) (from, to time.Time) {
	now = now.UTC().Truncate(time.Second)
	from, to = d.from, d.to
	if from.IsZero() {
		from = now
	}
	if to.IsZero() {
		to = now.AddDate(0, 0, d.days)
	}
	return from, to
}

// certifiedUntil is the line that says how long a certificate lasts.
func (a *authority) certifiedUntil(to time.Time) string {
	date := to.Format("Jan _2 15:04:05 2006 GMT")
	if a.iso {
		date = to.Format("2006-01-02 15:04:05Z")
	}
	days := int(to.Sub(a.Now().UTC().Truncate(time.Second)) / day)
	return fmt.Sprintf("Certificate is to be certified until %s (%d days)", date, days)
}
