namespace Broker.Links.Zone;

/// <summary>
/// One address of the zone, as this process fares with it. After a failure it is left out for a while, longer from failure to failure; one
/// that owes answers for too long is asked whether it lives before it gets more. Thread-safe.
/// </summary>
/// <param name="address">The address.</param>
/// <param name="options">How long things take.</param>
/// <param name="time">Measures them.</param>
internal sealed class ZoneNode(Uri address, ZoneClientOptions options, TimeProvider time)
{
    private const int MaxDoublings = 10;

    private readonly Lock _lock = new();
    private int _inFlight;
    private int _failures;
    private long? _failedAt;
    private TimeSpan _outFor;
    private long _silentSince;
    private bool _isProbed;
    private uint _version;

    public Uri Address => address;

    /// <summary>What it announced with its last answer; 0 before the first.</summary>
    public uint Version
    {
        get => Volatile.Read(ref _version);
        set => Volatile.Write(ref _version, value);
    }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Whether it gets calls while others do.</summary>
    public bool IsGood
    {
        get
        {
            lock (_lock)
                return _failedAt is null && !IsSilentNeedsLock();
        }
    }

    /// <summary>A call goes to it.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_inFlight++ == 0)
                _silentSince = time.GetTimestamp();
        }
    }

    /// <summary>A call is over, however it ended.</summary>
    public void End()
    {
        lock (_lock)
            _inFlight--;
    }

    /// <summary>It has answered a call as a zone does, with a reply or a refusal.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            (_failures, _failedAt) = (0, null);
            _silentSince = time.GetTimestamp();
        }
    }

    /// <summary>It was not reached, broke off, did not answer in time, or said that it fails.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            // Calls that fail together are one failure.
            if (_failedAt is { } at && time.GetElapsedTime(at) < _outFor)
                return;
            _outFor = options.EjectFrom * Math.Pow(2, Math.Min(_failures++, MaxDoublings));
            _outFor = _outFor < options.EjectTo ? _outFor : options.EjectTo;
            _failedAt = time.GetTimestamp();
        }
    }

    /// <summary>Whether somebody should see now if it lives. Whoever is told so says what came of it by <see cref="Probed"/>.</summary>
    public bool TryBeginProbe()
    {
        lock (_lock)
        {
            var isDue = _failedAt is { } at ? time.GetElapsedTime(at) >= _outFor : IsSilentNeedsLock();
            if (!isDue || _isProbed)
                return false;
            _isProbed = true;
            return true;
        }
    }

    /// <summary>
    /// What became of a probe. One that lives gets calls again, though only an answer to one makes its failures forgotten.
    /// </summary>
    public void Probed(bool lives)
    {
        lock (_lock)
        {
            _isProbed = false;
            _silentSince = time.GetTimestamp();
            if (lives)
                _failedAt = null;
        }

        if (!lives)
            Failed();
    }

    private bool IsSilentNeedsLock() => _inFlight > 0 && time.GetElapsedTime(_silentSince) >= options.SuspectAfter;
}
