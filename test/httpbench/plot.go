package main

import (
	"bytes"
	"fmt"
	"html"
)

// Measures of the plot, in its units.
const (
	plotNames  = 250 // room for the names
	plotWidth  = 560 // of a ratio of 1
	plotRow    = 26
	plotTop    = 44
	plotMargin = 60
)

// draw makes the plot: a bar for each row, as long as its ratio to the floor, and a line
// where it is to reach.
func (f *findings) draw() []byte {
	var svg bytes.Buffer
	width, height := plotNames+plotWidth+plotMargin, plotTop+len(f.rows)*plotRow+20
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Requests a second, as a ratio to the floor">
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .bar { fill: #1f6f8b } .bar.short { fill: #b3541e } .goal { stroke: #24292f; stroke-width: 2 } .grid { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .goal { stroke: #e6edf3 } .grid { stroke: #444c56 } }
</style>
<text x="0" y="16">Requests a second as a ratio to the floor, %d tickets; the mark is what is to be reached</text>
`, width, height, f.tickets)
	for tenths := 0; tenths <= 10; tenths += 2 {
		x := plotNames + plotWidth*tenths/10
		fmt.Fprintf(&svg, `<line class="grid" x1="%d" y1="%d" x2="%d" y2="%d"/><text x="%d" y="%d" text-anchor="middle">%.1f</text>`+"\n",
			x, plotTop, x, height-20, x, height-4, float64(tenths)/10)
	}
	for i, r := range f.rows {
		y := plotTop + i*plotRow
		class := "bar"
		if r.ratio() < r.bar {
			class = "bar short"
		}
		length := plotWidth * min(r.ratio(), 1)
		goal := plotNames + plotWidth*r.bar
		figure := plotNames + length + 6
		if goal > figure-8 && goal < figure+36 { // the mark would cross it
			figure = goal + 6
		}
		fmt.Fprintf(&svg, `<text x="0" y="%d">%s, %d</text><rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`+
			`<line class="goal" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d">%.2f</text>`+"\n",
			y+17, html.EscapeString(r.work), r.connections, class, plotNames, y+4, length, plotRow-8,
			goal, y+1, goal, y+plotRow-1, figure, y+17, r.ratio())
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}
