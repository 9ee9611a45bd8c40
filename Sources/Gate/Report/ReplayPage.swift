/// What the page of a replay looks like, and how it answers to a pointer.
extension ReplayHTML {
  static let style = """
    :root{--ink:#1c2430;--paper:#fff;--soft:#5b6675;--line:#d8dee6;--good:#177a3d;--bad:#c22f2f;--odd:#9a6700;
    --curve:#2f6fdd;--red:#c22f2f1c;--column:#2f6fdd14;color-scheme:light dark}
    @media(prefers-color-scheme:dark){:root{--ink:#e6ebf2;--paper:#12161c;--soft:#9aa7b8;--line:#303947;\
    --good:#4cc27a;--bad:#ff7b72;--odd:#e3b341;--curve:#79a8ff;--red:#ff7b7224;--column:#79a8ff22}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:60rem;padding:1rem 1rem 6rem;background:var(--paper);color:var(--ink);\
    font:16px/1.5 system-ui,sans-serif}
    h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .4rem}
    .badge{border-radius:.4rem;padding:.1rem \
    .6rem;color:var(--paper);background:var(--odd);white-space:nowrap}
    .promoted .badge{background:var(--good)}.rolledBack .badge{background:var(--bad)}
    .hint,small,footer{color:var(--soft)}.note{color:var(--odd)}small{font-size:.85em}
    figure{margin:1rem 0}figcaption{font-weight:600}svg{width:100%;height:auto;display:block;overflow:visible}
    svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
    .curve{fill:none;stroke:var(--curve);stroke-width:1.6}.weight{fill:var(--curve);opacity:.35}
    .forbidden{fill:var(--red)}line.bound{stroke:var(--bad);stroke-dasharray:5 4}svg \
    text.bound{fill:var(--bad)}
    circle{stroke:var(--paper);stroke-width:1.5}circle.passed{fill:var(--good)}circle.failed{fill:var(--bad)}
    svg text.noValue,svg text.error{fill:var(--odd);font-size:16px;font-weight:700}
    .column{fill:transparent}.tick{outline:none;cursor:pointer}.tick .looked{display:none}
    .tick.on .column{fill:var(--column)}.tick.on .looked{display:inline}.window{fill:var(--curve)}
    .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;width:100%}
    th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--line)}
    td.passed,td.promoted{color:var(--good)}td.failed,td.error,td.rolledBack{color:var(--bad)}
    td.noValue,td.undecided{color:var(--odd)}td.none{color:var(--soft)}tr.on td{background:var(--column)}
    pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--column);\
    padding:.6rem;border-radius:.4rem}
    #tip{position:fixed;left:0;right:0;bottom:0;padding:.6rem 1rem;background:var(--paper);\
    border-top:1px solid var(--line);white-space:pre-wrap;display:none;font-size:.9rem}
    """

  static let script = """
    const tip=document.getElementById('tip');
    function show(element){
      document.querySelectorAll('.on').forEach(e=>e.classList.remove('on'));
      const tick=element.dataset.tick;
      document.querySelectorAll('[data-tick="'+tick+'"]').forEach(e=>e.classList.add('on'));
      let words=element.dataset.words;
      if(!words){const all=document.querySelectorAll('g.tick[data-tick="'+tick+'"]');\
    words=all.length?all[all.length-1].dataset.words:'';}
      tip.textContent=words;tip.style.display='block';
    }
    document.querySelectorAll('[data-tick]').forEach(e=>{
      for(const name of ['pointerenter','click','focus'])e.addEventListener(name,()=>show(e));
    });
    """
}
