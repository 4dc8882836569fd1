using Broker.Protocol.Identifiers;
using Microsoft.Win32.SafeHandles;

namespace Broker.Agent.State;

/// <summary>
/// Which hand-offs were seen or barred under this boot: written before an envelope is opened, so that a killed agent process still knows
/// them (I7). One append a change, no fsync: tmpfs goes with the kernel, which takes what was opened with it.
/// </summary>
/// <remarks>
/// Bounded: a hand-off is forgotten a day after its end, when no attempt of it can come any more; beyond the limit nothing new is taken.
/// One process at a time holds the file. Not thread-safe.
/// </remarks>
internal sealed class HandOffJournal : IDisposable
{
    private const string FileName = "journal";
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenCompactions = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Id16, JournalEntry> _entries = [];
    private readonly StateDirectory _directory;
    private readonly TimeProvider _time;
    private readonly int _limit;
    private SafeFileHandle _file;
    private long _records;
    private long _compacted;

    private HandOffJournal(StateDirectory directory, TimeProvider time, int limit)
    {
        _directory = directory;
        _time = time;
        _limit = limit;
        _file = Open(directory);
        _compacted = time.GetTimestamp();
    }

    /// <summary>Ends of uses that the key owner has not been told.</summary>
    internal IReadOnlyList<JournalEntry> Untold => [.. _entries.Values.Where(static e => e.Ended && !e.Told)];

    /// <summary>Reads the journal. What a predecessor had open or in use when it ended has ended in an unknown way.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="limit">Most hand-offs that are remembered.</param>
    /// <exception cref="AgentException">Another agent process has it, or it is damaged.</exception>
    internal static HandOffJournal Load(StateDirectory directory, TimeProvider time, int limit)
    {
        var journal = new HandOffJournal(directory, time, limit);
        try
        {
            journal.ReadAll();
            foreach (var entry in journal.InUse)
                journal.Write(entry with { Record = HandOffRecord.UseUnknown, Code = Uses.UseEnd.Unknown.Code });
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Whether an agent process holds the journal of a directory.</summary>
    internal static bool IsHeld(StateDirectory directory)
    {
        if (!directory.Has(FileName))
            return false;

        try
        {
            Open(directory).Dispose();
            return false;
        }
        catch (AgentException)
        {
            return true;
        }
    }

    /// <summary>Hand-offs that are in use now.</summary>
    internal IReadOnlyList<JournalEntry> InUse => [.. _entries.Values.Where(IsInUse)];

    /// <summary>How many they are.</summary>
    internal int InUseCount { get; private set; }

    /// <summary>The record of a hand-off, or null.</summary>
    internal JournalEntry? Find(Id16 handOff) => _entries.GetValueOrDefault(handOff);

    /// <summary>Whether one more hand-off can be remembered.</summary>
    internal bool HasRoom()
    {
        // When full of what must be remembered, looking again for each envelope would cost more than it can give.
        if (_entries.Count >= _limit && _time.GetElapsedTime(_compacted) >= BetweenCompactions)
            Compact();
        return _entries.Count < _limit;
    }

    /// <summary>Writes the new state of a hand-off; it is on file when this returns.</summary>
    internal void Write(JournalEntry entry)
    {
        Span<byte> record = stackalloc byte[JournalFormat.Length];
        JournalFormat.Write(entry, record);
        RandomAccess.Write(_file, record, _records * JournalFormat.Length);
        _records++;
        Remember(entry);
        if (_records > 1024 + 8L * _entries.Count)
            Compact();
    }

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(StateDirectory directory)
    {
        try
        {
            var file = File.OpenHandle(directory[FileName], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return file;
        }
        catch (IOException e)
        {
            throw new AgentException($"{directory[FileName]} is in use; stop the other agent process first", "already-running", e);
        }
    }

    private void ReadAll()
    {
        var records = new byte[JournalFormat.Length * 512];
        for (long at = 0; ;)
        {
            var length = RandomAccess.Read(_file, records, at);
            var whole = length / JournalFormat.Length;
            for (var i = 0; i < whole; i++)
            {
                var entry = JournalFormat.Read(records.AsSpan(i * JournalFormat.Length, JournalFormat.Length)) ?? throw new AgentException(
                    $"{_directory[FileName]} is damaged, so what was handed over is not known any more; " +
                    "enrol this agent again, into an empty directory",
                    "state-damaged");
                Remember(entry);
            }

            _records += whole;
            at += whole * JournalFormat.Length;
            // A cut record at the end was being written when the process was killed: nothing that it announced has been done.
            if (whole == 0)
                break;
        }
    }

    private void Remember(JournalEntry entry)
    {
        if (_entries.TryGetValue(entry.HandOff, out var before) && IsInUse(before))
            InUseCount--;
        if (IsInUse(entry))
            InUseCount++;
        _entries[entry.HandOff] = entry;
    }

    private static bool IsInUse(JournalEntry entry) => entry.Opened && !entry.Ended;

    private void Compact()
    {
        _compacted = _time.GetTimestamp();
        var forgotten = _time.GetUtcNow() - Remembered;
        foreach (var entry in _entries.Values.Where(e => e.NotAfter < forgotten && !IsInUse(e) && (!e.Opened || e.Told)).ToList())
            _entries.Remove(entry.HandOff);

        var content = new byte[_entries.Count * JournalFormat.Length];
        var at = 0;
        foreach (var entry in _entries.Values)
        {
            JournalFormat.Write(entry, content.AsSpan(at, JournalFormat.Length));
            at += JournalFormat.Length;
        }

        _directory.Write(FileName, content);
        _file.Dispose();
        _file = Open(_directory);
        _records = _entries.Count;
    }
}
