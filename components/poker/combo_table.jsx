import React, { useState } from "react";
import { PlayingCard } from "$/public/external/components/poker/cards/playing_card.jsx";
import { CLASSES, StrategyGrid } from "$/public/external/components/poker/strategy_grid/strategy_grid.jsx";

// The combos of one hand class; `actions` and EVs of the player who decides, none of the other one.
export const ComboTable = ({ combos, actions, looked, title, unit }) => {
  const rows = combos.filter((combo) => combo.hand_class === looked);
  return (
    <div className="analysis-combos">
      <h3>{CLASSES[looked]}<small>{title}</small></h3>
      {rows.length === 0 ? <p className="analysis-quiet">Not in this range.</p> : (
        <div className="analysis-scroll" tabIndex={0} role="group" aria-label={`Combos of ${CLASSES[looked]}, ${title}`}>
          <table className="data-table" aria-label={`Combos of ${CLASSES[looked]}`}>
            <thead>
              <tr>
                <th scope="col">Hand</th>
                <th scope="col" className="number">Weight</th>
                <th scope="col" className="number">Equity</th>
                {actions.length > 0 && <th scope="col" className="number">EV<small>{unit}</small></th>}
                {actions.map((action) => (
                  <th key={action.action} scope="col" className="number">{action.label.replace(/ \(.*\)$/, "")}<small>EV, {unit}</small></th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((combo) => (
                <tr key={combo.name}>
                  <th scope="row"><span className="analysis-cards" aria-label={combo.name}><PlayingCard card={combo.name.slice(0, 2)} /><PlayingCard card={combo.name.slice(2)} /></span></th>
                  <td className="number">{combo.weight}</td>
                  <td className="number">{combo.equity}</td>
                  {actions.length > 0 && <td className="number">{combo.ev}</td>}
                  {actions.map((action, index) => (
                    <td key={action.action} className="number">{combo.frequencies[index]}<small>{combo.evs[index]}</small></td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
};

// A node's grid, and the combos of the class that was last looked at: it stays for the next node.
export function StrategyCombos({ data = "", actions = [], combos = [], label = "Strategy", title = "", unit = "bb" }) {
  const [looked, setLooked] = useState(null);
  const shown = looked ?? combos.reduce((least, combo) => Math.min(least, combo.hand_class), combos[0]?.hand_class ?? 0);
  return (
    <>
      <StrategyGrid data={data} actions={actions} label={label} rest={shown} onLook={setLooked} />
      <ComboTable combos={combos} actions={actions} looked={shown} title={title} unit={unit} />
    </>
  );
}
