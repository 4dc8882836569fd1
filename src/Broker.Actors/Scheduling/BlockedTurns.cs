namespace Broker.Actors;

/// <summary>
/// Looks at the threads four times in each handler budget: who is at the same step all the while blocks its thread, which a watch on
/// awaiting handlers cannot see. Only where turns run on many threads; a dispatcher of one thread would block this as well.
/// </summary>
internal sealed class BlockedTurns : IDisposable
{
    private const int Looks = 4;

    private readonly ActorSystem _system;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private Dictionary<Turn, (long Step, int Seen)> _seen = [];

    public BlockedTurns(ActorSystem system)
    {
        _system = system;
        var period = TimeSpan.FromMilliseconds(Math.Clamp(system.HandlerBudget.TotalMilliseconds / Looks, 1, 60_000));
        _timer = system.Time.CreateTimer(static self => ((BlockedTurns)self!).Look(), this, period, period);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        List<Cell> blocked = [];
        lock (_gate)
        {
            var seen = new Dictionary<Turn, (long Step, int Seen)>();
            foreach (var (turn, cell, step) in Turn.Busy())
            {
                if (cell.System != _system)
                    continue;
                var times = _seen.TryGetValue(turn, out var last) && last.Step == step ? last.Seen + 1 : 0;
                seen[turn] = (step, times);
                if (times > 0 && times % Looks == 0)
                    blocked.Add(cell);
            }
            _seen = seen;
        }
        foreach (var cell in blocked)
            _system.Events.Publish(new SlowHandler(cell.Path, cell.CurrentMessageType, _system.HandlerBudget));
    }
}
