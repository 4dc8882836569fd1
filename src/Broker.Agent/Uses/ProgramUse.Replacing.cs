using Broker.Agent.Native;
using Broker.Agent.Processes;
using Broker.Protocol.Ledger;
using Broker.Secrets;

namespace Broker.Agent.Uses;

/// <summary>
/// A later version: the program is started again with it, or finds it in its files and is sent a signal. Until it has run with it for a
/// while the earlier version is kept; where it fails, it is started again with that.
/// </summary>
internal sealed partial class ProgramUse
{
    private static readonly object SettleTimer = new();
    private Replacement? _next;

    private void Replace(UseDelivery delivery)
    {
        if (_ending is not null || _next is not null || delivery.Use.OnRotate == OnRotate.Keep)
        {
            delivery.Dispose();
            uses.Tell(new UsesMessage.NotReplaced(key, UseEnd.NotHeld));
            return;
        }

        _next = new Replacement(delivery);
        try
        {
            if (delivery.Use.OnRotate == OnRotate.Signal)
                Rewrite(_next);
            else
                _next.Files.AddRange(Make(delivery));
        }
        catch (Exception problem) when (problem is NativeException or SecretMemoryExhaustedException)
        {
            GoBack(UseEnd.NotStarted);
            return;
        }

        delivery.Wipe();
        if (_child is null)
        {
            StartNext();
        }
        else if (delivery.Use.OnRotate == OnRotate.Signal)
        {
            _child.Signal(settings.RotateSignal);
            Settle(_next);
        }
        else
        {
            _child.Terminate();
            Context.StartTimer(StopTimer, new UseMessage.StopOverdue(), settings.StopTimeout);
        }
    }

    private List<IMemoryFile> Make(UseDelivery delivery)
    {
        var files = new List<IMemoryFile>();
        try
        {
            foreach (var name in settings.Files)
            {
                var content = delivery.Contents.First(c => c.Credential == name).Content;
                files.Add(delivery.Use.OnRotate == OnRotate.Signal ? ChangingMemoryFile.Create(content) : MemoryFile.Create(content));
            }

            return files;
        }
        catch
        {
            files.ForEach(static f => f.Dispose());
            throw;
        }
    }

    private void Rewrite(Replacement next)
    {
        var files = _files.Cast<ChangingMemoryFile>().ToList();
        files.ForEach(f => next.Before.Add(f.Read()));
        for (var i = 0; i < files.Count; i++)
            files[i].Replace(next.Delivery.Contents.First(c => c.Credential == settings.Files[i]).Content);
    }

    /// <summary>The program has ended, with the earlier version or with the later one.</summary>
    private void OnExited(Replacement next, ExitStatus status)
    {
        Context.CancelTimer(SettleTimer);
        if (!next.IsSettling)
        {
            StartNext();
        }
        else if (status.Succeeded)
        {
            TakeOver();
            Finish(new UseEnd(HandOffState.Used, status.ToString()));
        }
        else
        {
            GoBack(new UseEnd(HandOffState.UseFailed, $"replacement-{status}"));
        }
    }

    private void StartNext()
    {
        Context.CancelTimer(RestartTimer);
        if (!TryStart(_next!.Files.Count > 0 ? _next.Files : _files))
            GoBack(UseEnd.NotStarted);
        else
            Settle(_next);
    }

    private void Settle(Replacement next)
    {
        next.IsSettling = true;
        Context.StartTimer(SettleTimer, new UseMessage.Settled(), settings.RotateSettle);
    }

    /// <summary>The later version is in use: the earlier one is wiped before anyone hears of it.</summary>
    private void TakeOver()
    {
        if (_next is not { } next)
            return;

        _next = null;
        if (next.Files.Count > 0)
        {
            _files.ForEach(static f => f.Dispose());
            _files.Clear();
            _files.AddRange(next.Files);
            next.Files.Clear();
        }

        var delivery = next.Delivery.Move();
        next.Dispose();
        delivery.TakePlaceOf(_delivery!);
        _delivery!.Dispose();
        _delivery = delivery;
        _restarts = 0;
        uses.Tell(new UsesMessage.Replaced(key));
    }

    /// <summary>The later version cannot be used: it is wiped, and the program goes on with the earlier one.</summary>
    private void GoBack(UseEnd how)
    {
        var next = _next!;
        _next = null;
        var isRestored = true;
        try
        {
            for (var i = 0; i < next.Before.Count; i++)
                ((ChangingMemoryFile)_files[i]).Replace(next.Before[i]);
        }
        catch (NativeException)
        {
            isRestored = false;
        }

        next.Dispose();
        uses.Tell(new UsesMessage.NotReplaced(key, how));
        if (!isRestored)
            Stop(UseEnd.NotStarted);
        else if (_child is null)
            Start();
    }
}
