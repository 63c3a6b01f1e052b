using System.Threading.Tasks.Dataflow;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>How a bounded Dataflow network is used: it holds its results itself, so someone must receive while another sends.</summary>
internal static class Dataflow
{
    public static async Task<long> SendAllWhileReceivingAsync(ITargetBlock<int> first, IReceivableSourceBlock<int> last, int count)
    {
        var producer = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++)
                await first.SendAsync(i);
        });

        long sum = 0;
        for (var received = 0; received < count; received++)
        {
            // TryReceive first: ReceiveAsync alone allocates for every item, also when the item is there already.
            if (!last.TryReceive(out var result))
                result = await last.ReceiveAsync();
            sum += result;
        }
        await producer;
        return sum;
    }
}
