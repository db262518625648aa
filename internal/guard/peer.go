package guard

import (
	"fmt"
	"net/netip"
	"strings"
)

// ParseNets reads address ranges, "196.201.214.0/24", and single addresses.
func ParseNets(list []string) ([]netip.Prefix, error) {
	var nets []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
			addr = addr.Unmap()
			nets = append(nets, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is no address range like 196.201.214.0/24", text)
		}
		nets = append(nets, prefix.Masked())
	}
	return nets, nil
}

func within(nets []netip.Prefix, addr netip.Addr) bool {
	for _, prefix := range nets {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// peer is the address that a request really comes from. Whoever connects to us
// can write into X-Forwarded-For what they like; only what our own proxies have
// appended counts. So it is believed from the right, as far as trusted proxies
// vouch for it, and not at all where the connection is not from one of them. The
// zero address is that of nobody who can be named.
func peer(socket netip.Addr, forwarded []string, trusted []netip.Prefix) netip.Addr {
	addr := socket.Unmap()
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && within(trusted, addr); i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" && len(hops) == 1 {
			return addr // the proxy itself asks, for example whether we are well
		}
		addr = parseHop(hop)
	}
	return addr
}

// parseHop reads one hop, which some proxies write with a port.
func parseHop(hop string) netip.Addr {
	addr, err := netip.ParseAddr(hop)
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(hop)
		if portErr != nil {
			return netip.Addr{}
		}
		addr = withPort.Addr()
	}
	return addr.WithZone("").Unmap()
}
