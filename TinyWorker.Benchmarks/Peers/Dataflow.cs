using System.Threading.Tasks.Dataflow;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>The use of a bounded Dataflow network: it stores its results, so one task must receive while another sends.</summary>
internal static class Dataflow
{
    public static Task<long> SendAllWhileReceivingAsync(ITargetBlock<int> first, IReceivableSourceBlock<int> last, int count) =>
        SendAllWhileReceivingAsync(first, last, Enumerable.Range(0, count), count);

    public static Task<long> SendAllWhileReceivingAsync(ITargetBlock<int> first, IReceivableSourceBlock<int> last, int[] inputs) =>
        SendAllWhileReceivingAsync(first, last, inputs, inputs.Length);

    private static async Task<long> SendAllWhileReceivingAsync(
        ITargetBlock<int> first, IReceivableSourceBlock<int> last, IEnumerable<int> inputs, int count)
    {
        var producer = Task.Run(async () =>
        {
            foreach (var input in inputs)
                await first.SendAsync(input);
        });

        long sum = 0;
        for (var received = 0; received < count; received++)
        {
            // TryReceive first: ReceiveAsync allocates for every item, even if the item is already there.
            if (!last.TryReceive(out var result))
                result = await last.ReceiveAsync();
            sum += result;
        }
        await producer;
        return sum;
    }
}
