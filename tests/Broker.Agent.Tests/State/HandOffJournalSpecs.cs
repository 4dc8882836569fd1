using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Agent.Tests.State;

public sealed class HandOffJournalSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();
    private readonly StateDirectory _state;

    public HandOffJournalSpecs()
    {
        File.SetUnixFileMode(_directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _state = StateDirectory.Open(_directory.Path, allowDisk: false);
    }

    public void Dispose() => _directory.Dispose();

    private JournalEntry Entry(byte handOff, HandOffRecord record, string code = "", bool told = false) =>
        new(UseWorld.HandOff(handOff), 3, Digest.Of([handOff]), record, code, _time.GetUtcNow().AddMinutes(1), told);

    private HandOffJournal Load(int limit = 100) => HandOffJournal.Load(_state, _time, limit);

    [Fact]
    public void Journal_should_know_after_a_restart_what_was_written()
    {
        var entries = new[]
        {
            Entry(1, HandOffRecord.Refused, "unknown-use"), Entry(2, HandOffRecord.Barred),
            Entry(3, HandOffRecord.Used, "exit-0", told: true),
            Entry(4, HandOffRecord.UseFailed, new string('c', JournalFormat.MaxCode)),
        };
        using (var journal = Load())
        {
            foreach (var entry in entries)
                journal.Write(entry);
        }

        using var again = Load();
        foreach (var entry in entries)
            Assert.Equal(entry, again.Find(entry.HandOff));
        Assert.Equal([entries[3]], again.Untold);
        Assert.Null(again.Find(UseWorld.HandOff(9)));
    }

    [Theory]
    [InlineData((byte)HandOffRecord.Seen)]
    [InlineData((byte)HandOffRecord.Acknowledged)]
    public void Hand_off_that_a_killed_process_had_open_should_count_as_opened_with_an_unknown_end(byte record)
    {
        using (var journal = Load())
            journal.Write(Entry(1, (HandOffRecord)record));

        using var again = Load();
        var entry = again.Find(UseWorld.HandOff(1))!;
        Assert.Equal((HandOffRecord.UseUnknown, true, "acknowledged"), (entry.Record, entry.Opened, entry.Answer.Type));
        Assert.Equal("use-unknown", entry.EndReport.State);
        Assert.Equal([entry], again.Untold);
        Assert.Equal(0, again.InUseCount);
    }

    [Fact]
    public void Cut_record_at_the_end_should_be_dropped_and_overwritten()
    {
        using (var journal = Load())
        {
            journal.Write(Entry(1, HandOffRecord.Barred));
            journal.Write(Entry(2, HandOffRecord.Barred));
        }

        using (var file = File.OpenWrite(_directory["journal"]))
            file.SetLength(file.Length - 1);
        using (var journal = Load())
        {
            Assert.Null(journal.Find(UseWorld.HandOff(2)));
            journal.Write(Entry(3, HandOffRecord.Barred));
        }

        using var again = Load();
        Assert.NotNull(again.Find(UseWorld.HandOff(1)));
        Assert.NotNull(again.Find(UseWorld.HandOff(3)));
    }

    [Fact]
    public void Damaged_journal_should_be_refused()
    {
        File.WriteAllBytes(_directory["journal"], new byte[JournalFormat.Length]);

        Assert.Equal("state-damaged", Assert.Throws<AgentException>(() => Load()).Code);
    }

    [Fact]
    public void Journal_should_be_held_by_one_process()
    {
        Assert.False(HandOffJournal.IsHeld(_state));
        using var journal = Load();

        Assert.True(HandOffJournal.IsHeld(_state));
        Assert.Equal("already-running", Assert.Throws<AgentException>(() => Load()).Code);
    }

    [Fact]
    public void Full_journal_should_take_no_more_until_a_day_after_the_end()
    {
        using var journal = Load(limit: 2);
        journal.Write(Entry(1, HandOffRecord.Barred));
        journal.Write(Entry(2, HandOffRecord.Acknowledged));
        _time.Advance(TimeSpan.FromHours(23));
        Assert.False(journal.HasRoom());

        _time.Advance(TimeSpan.FromHours(2));
        Assert.True(journal.HasRoom());
        Assert.Null(journal.Find(UseWorld.HandOff(1)));
        // What is in use is remembered whatever its age.
        Assert.Equal(HandOffRecord.Acknowledged, journal.Find(UseWorld.HandOff(2))!.Record);
        Assert.Equal(1, journal.InUseCount);
    }

    [Fact]
    public void Journal_should_not_grow_with_changes_of_the_same_hand_offs()
    {
        using (var journal = Load())
        {
            for (var i = 0; i < 5000; i++)
                journal.Write(Entry((byte)(i % 3), HandOffRecord.Barred, $"c{i}"));
        }

        Assert.True(new FileInfo(_directory["journal"]).Length < 2000 * JournalFormat.Length);
        using var again = Load();
        Assert.Equal("c4999", again.Find(UseWorld.HandOff(4999 % 3))!.Code);
    }

    [Fact]
    public void State_directory_on_a_disk_should_be_refused_unless_it_is_allowed()
    {
        using var disk = new TemporaryDirectory(AppContext.BaseDirectory);
        File.SetUnixFileMode(disk.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Assert.Equal("state-on-disk", Assert.Throws<AgentException>(() => StateDirectory.Open(disk.Path, allowDisk: false)).Code);
        Assert.NotNull(StateDirectory.Open(disk.Path, allowDisk: true));
    }

    [Fact]
    public void State_directory_that_others_may_enter_should_be_refused()
    {
        File.SetUnixFileMode(
            _directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead);

        Assert.Equal("state-mode", Assert.Throws<AgentException>(() => StateDirectory.Open(_directory.Path, allowDisk: false)).Code);
    }

    [Fact]
    public void Files_should_be_for_the_owner_only()
    {
        using var journal = Load();
        _state.Write("file", "x"u8);

        Assert.All(
            [_directory["journal"], _directory["file"]],
            static path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }
}
