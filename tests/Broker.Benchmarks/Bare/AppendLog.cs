using System.Threading.Channels;

namespace Broker.Benchmarks.Bare;

/// <summary>One fsynced append for everything that waits: what the zone's group commit costs at the least.</summary>
internal sealed class AppendLog : IDisposable
{
    private readonly FileStream _file;
    private readonly Channel<(byte[] Record, TaskCompletionSource Done)> _queue =
        Channel.CreateBounded<(byte[], TaskCompletionSource)>(4096);

    public AppendLog(string path)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _ = Task.Run(WriteAsync);
    }

    public async Task AppendAsync(byte[] record)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync((record, done));
        await done.Task;
    }

    public void Dispose()
    {
        _queue.Writer.Complete();
        _file.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<(byte[] Record, TaskCompletionSource Done)>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < 1024 && _queue.Reader.TryRead(out var next))
            {
                batch.Add(next);
            }

            foreach (var (record, _) in batch)
            {
                _file.Write(record);
            }

            _file.Flush(flushToDisk: true);
            foreach (var (_, done) in batch)
            {
                done.SetResult();
            }
        }
    }
}
